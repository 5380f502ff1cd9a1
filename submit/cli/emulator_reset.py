"""`submit emulator reset`."""

from __future__ import annotations

from pathlib import Path

import click

from submit.cli import options
from submit.cli.emulator_place import data_dir, data_folder
from submit.emulator import process
from submit.emulator.control.client import ask
from submit.emulator.options import Options
from submit.errors import UsageError
from submit.world import files, surroundings, terminal


@click.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@data_dir
@options.state_dir
@options.debug
def reset(yes: bool, data_dir: Path | None, state_dir: Path | None) -> None:
    """Forget all jobs, logs, buckets and limits.

    Jobs that run are cancelled first; faults are forgotten, too. An emulator that runs goes on under the same address.
    """
    around = surroundings.read(state_dir)
    data = data_folder(around, data_dir)
    if not files.is_folder(data):
        click.echo("there is nothing to reset", err=True)
        return
    _ask_the_user(data, yes=yes)
    running = process.status(data)
    endpoints = running or process.start(data, Options(cache=str(around.cache_dir)))
    try:
        gone = ask(endpoints, "POST", ":reset")
    finally:
        if running is None:
            process.stop(data)
    click.echo(f"forgotten: {gone['jobs']} jobs, {gone['buckets']} buckets", err=True)


def _ask_the_user(data: Path, *, yes: bool) -> None:
    if yes:
        return
    if not terminal.can_ask():
        hint = "Run it with --yes if that is what you want."
        raise UsageError(f"all jobs and buckets of the emulator in `{data}` would be deleted", hint=hint)
    click.confirm(f"Delete all jobs and buckets of the emulator in `{data}`?", abort=True, err=True)
