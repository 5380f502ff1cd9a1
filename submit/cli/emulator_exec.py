"""`submit emulator exec`: one command among the emulator's variables."""

from __future__ import annotations

from pathlib import Path

import click

from submit.cli import errors, narrate, options
from submit.cli.emulator_place import data_dir, data_folder
from submit.emulator import environment, process
from submit.emulator.options import Options
from submit.errors import Problem
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
    """Run a program, unmodified, which finds the emulator where it expects Google.

    If none runs, one is started and lives as long as the program. Its exit code is this command's.
    """
    around = surroundings.read(state_dir)
    data = data_folder(around, data_dir)
    running = process.status(data)
    endpoints = running or process.start(data, Options(cache=str(around.cache_dir)))
    env = {**around.environ, **environment.variables(endpoints.rest, data, around.environ)}
    try:
        if running:
            foreground.become(command, env)
        return _accompany(command, env, data, endpoints)
    except (FileNotFoundError, PermissionError, NotADirectoryError) as error:
        reason = (error.strerror or str(error)).lower()
        errors.show([Problem(message=f"`{command[0]}` cannot be run: {reason}")])
        return EXIT_NO_PROGRAM


def _accompany(command: tuple[str, ...], env: dict[str, str], data: Path, endpoints: process.Endpoints) -> int:
    narrate.say("emulator", f"started for this command: {endpoints.url}, {data}")
    try:
        return foreground.run(command, env)
    finally:
        process.stop(data)
        narrate.say("emulator", "stopped; jobs that run go on, and what it kept is there when it is started again")
