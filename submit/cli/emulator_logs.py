"""`submit emulator logs`: entries come late, reads are refused, tails are cut short."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from click.types import FloatParamType

from submit.cli import options
from submit.cli.emulator_place import data_dir, running
from submit.cli.render import emit
from submit.emulator.control.client import ask

EPILOG = """\b
Examples:
  submit emulator logs                                # what holds now
  submit emulator logs --late 5% --late-by 30
  submit emulator logs --list-quota 60 --refuse-tail
  submit emulator logs --reset"""


class Share(FloatParamType):
    """`5%` or `0.05`."""

    name = "share"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        text = str(value).strip()
        try:
            share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
        except ValueError:
            share = -1.0
        if not 0 <= share <= 1:
            self.fail(f"`{text}` is not a share such as 5% or 0.05", param, ctx)
        return share


@click.command(epilog=EPILOG)
@click.option("--late", "late_share", type=Share(), help="That part of new entries becomes visible late.")
@click.option("--late-by", "late_by_s", type=click.FloatRange(0), metavar="SECONDS", help="At most so late.")
@click.option("--seed", type=click.IntRange(0), metavar="N", help="The same entries are late each time.")
@click.option(
    "--list-quota",
    "list_quota_per_minute",
    type=click.IntRange(0),
    metavar="N",
    help="Lists a minute; Cloud Logging's is 60.",
)
@click.option("--refuse-tail/--allow-tail", "tail_refused", default=None, help="As without the permission to tail.")
@click.option(
    "--tail-rate",
    "tail_entries_per_s",
    type=click.IntRange(1),
    metavar="N",
    help="Entries a second; what is above is left out, and told.",
)
@click.option(
    "--tail-buffer",
    type=click.IntRange(1),
    metavar="N",
    help="So many entries wait for a client; the rest is left out.",
)
@click.option("--tail-session", "tail_session_s", type=click.FloatRange(0.1), metavar="SECONDS", help="A tail's end.")
@click.option("--reset", is_flag=True, help="First take back all of it.")
@options.output_format("table", "json", "yaml")
@data_dir
@options.state_dir
@options.debug
def logs(reset: bool, output: str, data_dir: Path | None, state_dir: Path | None, **values: Any) -> None:
    """Make Cloud Logging unreliable.

    As the cloud's can be: entries come late, reads are refused, tails end. It holds until it is taken back, or the
    emulator is reset or restarted.
    """
    emulator = running(data_dir, state_dir)
    settings = ask(emulator, "DELETE" if reset else "GET", "/logs")
    if changes := {name: value for name, value in values.items() if value is not None}:
        settings = ask(emulator, "PATCH", "/logs", changes)
    if output != "table":
        emit(settings, output)
        return
    for name, value in settings.items():
        click.echo(f"{name:<22} {'-' if value is None else value}")
