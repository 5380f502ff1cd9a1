"""Where the emulator is, for all of its commands."""

from __future__ import annotations

from pathlib import Path

import click

from submit.cli import options
from submit.emulator import process
from submit.errors import ErrorKind, ServiceError
from submit.target import Surroundings
from submit.world import surroundings

data_dir = click.option(
    "--data-dir",
    type=options.PATH,
    metavar="FOLDER",
    help="Folder of its jobs, logs and buckets (default: in the state folder).",
)


def data_folder(around: Surroundings, data_dir: Path | None) -> Path:
    return around.cwd / data_dir if data_dir else around.state_dir / "emulator"


def running(data_dir: Path | None, state_dir: Path | None) -> process.Endpoints:
    """Raises ServiceError if none runs."""
    endpoints = process.status(data_folder(surroundings.read(state_dir), data_dir))
    if endpoints is None:
        hint = "Start it: submit emulator start"
        raise ServiceError("no emulator is running", kind=ErrorKind.NOT_FOUND, hint=hint)
    return endpoints
