"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

F = TypeVar("F", bound=Callable[..., object])

debug = click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of an error.")

state_dir = click.option(
    "--state-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of jobs, logs and caches.  [env: SUBMIT_STATE_DIR]",
)

backend = click.option("--backend", help="Where to run: local, or one of another package.  [env: SUBMIT_BACKEND]")

dry_run = click.option("--dry-run", is_flag=True, help="Show every step and take none.")


def output_format(*formats: str) -> Callable[[F], F]:
    """`--format`, of which the first is the default."""
    return click.option("--format", "output", type=click.Choice(formats), default=formats[0], show_default=True)


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
