"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from click.types import StringParamType

from submit.backends import REGISTRY
from submit.errors import UsageError
from submit.sizes import parse_bytes, parse_seconds

F = TypeVar("F", bound=Callable[..., object])


class Text(StringParamType):
    """Text that is not empty: a variable of the shell that is not set must not mean that the flag was not given."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not str(value).strip():
            self.fail("it is empty", param, ctx)
        return super().convert(value, param, ctx)


class Name(click.Path):
    """A file or folder; what is wrong with it is said by whoever opens it, with the same words everywhere."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not str(value).strip():
            self.fail("it is empty", param, ctx)
        return super().convert(value, param, ctx)


TEXT = Text()
PATH = Name()

debug = click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of an error.")

state_dir = click.option(
    "--state-dir", type=PATH, metavar="FOLDER", help="Folder of jobs, logs and caches.  [env: SUBMIT_STATE_DIR]"
)


def _backends(_: click.Context, __: click.Parameter, incomplete: str) -> list[str]:
    from submit.backends import names

    return [name for name in names() if name.startswith(incomplete)]


backend = click.option(
    "--backend",
    type=TEXT,
    metavar="NAME",
    shell_complete=_backends,
    help=f"Where to run: {', '.join(REGISTRY)}, or one of another package.  [env: SUBMIT_BACKEND]",
)

region = click.option("--region", type=TEXT, metavar="REGION", help="Region of the job.  [env: CLOUDSDK_AI_REGION]")
project = click.option(
    "--project", type=TEXT, metavar="PROJECT", help="Project of the job.  [env: GOOGLE_CLOUD_PROJECT]"
)

dry_run = click.option("--dry-run", is_flag=True, help="Show every step and take none.")


def output_format(*formats: str) -> Callable[[F], F]:
    """`--format`, of which the first is the default."""
    words = "How data is written to stdout."
    choice = click.Choice(formats)
    return click.option("--format", "output", type=choice, default=formats[0], show_default=True, help=words)


def size(_: click.Context, parameter: click.Parameter, value: str | None) -> int | None:
    """`200MiB` in bytes."""
    try:
        return None if value is None else parse_bytes(value)
    except UsageError as error:
        raise click.BadParameter(f"{error}. {error.problems[0].hint}", param=parameter) from error


def duration(_: click.Context, parameter: click.Parameter, value: str | None) -> float | None:
    return None if value is None else seconds(value, parameter)


def seconds(value: str, parameter: click.Parameter) -> float:
    """Of `90`, `10m` or `1h30m`."""
    try:
        return parse_seconds(value)
    except UsageError as error:
        raise click.BadParameter(f"{error}. {error.problems[0].hint}", param=parameter) from error


def pairs(_: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """`k=v,k2=v2`, repeatable, as ML Engine's client reads `--labels`."""
    found = {}
    for pair in (part for value in values for part in value.split(",") if part):
        key, sign, value = pair.partition("=")
        if not sign or not key:
            raise click.BadParameter(f"`{pair}` is not KEY=VALUE", param=parameter)
        found[key] = value
    return found


def single_pairs(_: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """`--env K=V`, one each, because a value may hold a comma."""
    found = {}
    for pair in values:
        key, sign, value = pair.partition("=")
        if not sign or not key:
            raise click.BadParameter(f"`{pair}` is not NAME=VALUE", param=parameter)
        found[key] = value
    return found
