"""`submit emulator env`: the variables that lead a shell's programs to the emulator, and back."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path

import click

from submit.cli import options
from submit.cli.emulator_place import data_dir, data_folder, running
from submit.emulator import environment
from submit.emulator.outside import changes
from submit.errors import UsageError
from submit.world import surroundings

Changes = Mapping[str, str | None]
"""Variables; None: to be unset."""

EPILOG = """\b
Examples:
  eval "$(submit emulator env)"
  eval "$(submit emulator env --unset)"
  submit emulator env --format dotenv > .env"""


@click.command(epilog=EPILOG)
@click.option("--unset", is_flag=True, help="Give back what this shell had before.")
@data_dir
@options.output_format("shell", "json", "dotenv")
@options.state_dir
@options.debug
def env(unset: bool, data_dir: Path | None, output: str, state_dir: Path | None) -> None:
    """Print the variables by which a shell's programs find it.

    They are for gcloud, for Google's Python libraries, and for all that speaks HTTPS to *.googleapis.com. What a
    program asks of other hosts goes where it always went, as long as the emulator runs.
    """
    around = surroundings.read(state_dir)
    if unset:
        _show(changes(around.environ), output)
        return
    rest, data = running(data_dir, state_dir).rest, data_folder(around, data_dir)
    _show(environment.variables(rest, data, around.environ), output)


def _show(variables: Changes, output: str) -> None:
    if text := _FORMATS[output](variables):
        click.echo(text)


def _shell(variables: Changes) -> str:
    return "\n".join(
        f"unset {name}" if value is None else f"export {name}={shlex.quote(value)}" for name, value in variables.items()
    )


def _json(variables: Changes) -> str:
    return json.dumps(variables, indent=2)


def _dotenv(variables: Changes) -> str:
    """In single quotes where a reader would see more than text; `.env` files cannot unset."""
    if None in variables.values():
        raise UsageError("--format dotenv: it cannot say that a variable is unset", hint="Use --format json.")
    return "\n".join(f"{name}={_quoted(value)}" for name, value in variables.items() if value is not None)


def _quoted(value: str) -> str:
    if re.fullmatch(r"[^\s'\"#$`\\]*", value):
        return value
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


_FORMATS: dict[str, Callable[[Changes], str]] = {"shell": _shell, "json": _json, "dotenv": _dotenv}
