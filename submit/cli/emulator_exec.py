"""`submit emulator exec`: one command among the emulator's variables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from submit.cli import errors, narrate, options
from submit.cli.emulator_place import data_dir, data_folder
from submit.emulator import environment, process, sharing
from submit.emulator.options import Options
from submit.errors import Problem
from submit.target import Surroundings
from submit.world import foreground, surroundings

EPILOG = """\b
Examples:
  submit emulator exec -- python their_script.py
  submit emulator exec -- gcloud ai custom-jobs list"""

EXIT_NO_PROGRAM = 127  # as shells have it


@click.command(
    "exec", epilog=EPILOG, context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False}
)
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@data_dir
@options.state_dir
@options.debug
def execute(command: tuple[str, ...], data_dir: Path | None, state_dir: Path | None) -> int:
    """Run a program that finds it in Google's place.

    The program is not modified. If no emulator runs, one is started and lives as long as the program. Its exit code
    is this command's.
    """
    around = surroundings.read(state_dir)
    if not foreground.exists(command[0], around.environ):
        errors.show([Problem(message=f"there is no program `{command[0]}`")])
        return EXIT_NO_PROGRAM
    data = data_folder(around, data_dir)
    user = sharing.join(data)
    running = process.status(data)
    if running:
        foreground.become(command, _among_variables(running, data, around))
    with _started(data, around, user) as endpoints:
        return foreground.run(command, _among_variables(endpoints, data, around))


@contextmanager
def _started(data: Path, around: Surroundings, user: int) -> Iterator[process.Endpoints]:
    endpoints = process.start(data, Options(cache=str(around.cache_dir)))
    narrate.say("emulator", f"started for this command: {endpoints.url}, {data}")
    try:
        yield endpoints
    finally:
        if sharing.is_last(user):
            process.stop(data)
            narrate.say("emulator", "stopped; jobs that run go on, and what it kept is there when it is started again")
        else:
            narrate.say("emulator", f"it goes on, other commands use it: {endpoints.url}")


def _among_variables(endpoints: process.Endpoints, data: Path, around: Surroundings) -> dict[str, str]:
    return {**around.environ, **environment.variables(endpoints.rest, data, around.environ)}
