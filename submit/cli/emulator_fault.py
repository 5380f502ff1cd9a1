"""`submit emulator fault …`: the next calls of a method fail as they do when a cloud has a bad day."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from submit.cli import options
from submit.cli.emulator_place import data_dir, running
from submit.cli.errors import show
from submit.cli.lazy import OrderedGroup
from submit.cli.render import emit
from submit.emulator.control import known_methods
from submit.emulator.control.client import ask
from submit.emulator.control.faults import ANSWERS, WORDS
from submit.errors import Problem

EPILOG = """\b
Examples:
  submit emulator fault add aiplatform.customJobs.create --answer reset-after
  submit emulator fault add 'storage.objects.*' --answer 503 --count 3 --retry-after 1
  submit emulator fault add logging.entries.list --answer 429 --probability 0.2 --seed 7
  submit emulator fault list
  submit emulator fault clear"""

_WORDS = "\n".join(f"  {word:<13} {text}" for word, text in WORDS.items())


@click.group(cls=OrderedGroup, epilog=EPILOG)
def fault() -> None:
    """Make calls to the emulator fail on request."""


@fault.command(
    epilog=f"""\b
METHOD is named as clients name it, over REST or gRPC, `*` and `?` stand for any
characters: aiplatform.customJobs.create, JobService.CreateCustomJob,
ml.projects.jobs.create, storage.objects.insert, logging.entries.list, *.get

\b
Answers beside HTTP statuses:
{_WORDS}"""
)
@click.argument("method", type=options.TEXT)
@click.option("--answer", required=True, type=click.Choice(ANSWERS), metavar="ANSWER", help="See below.")
@click.option(
    "--count", type=click.IntRange(0), metavar="N", help="So many calls fail (default 1; 0: until it is cleared)."
)
@click.option("--after", type=click.IntRange(0), default=0, metavar="N", help="So many calls pass before it strikes.")
@click.option("--retry-after", type=click.FloatRange(0), metavar="SECONDS", help="What the client is told to wait.")
@click.option(
    "--probability", type=click.FloatRange(0, 1), metavar="P", help="Each call fails with this chance, until cleared."
)
@click.option("--seed", type=click.IntRange(0), metavar="N", help="The same calls fail each time.")
@options.output_format("table", "json", "yaml")
@data_dir
@options.state_dir
@options.debug
def add(output: str, data_dir: Path | None, state_dir: Path | None, retry_after: float | None, **values: Any) -> None:
    """Let the next calls of METHOD fail."""
    body = {key: value for key, value in {**values, "retryAfter": retry_after}.items() if value is not None}
    made = ask(running(data_dir, state_dir), "POST", "/faults", body)
    _show([made], output)
    _warn_of_unknown(made)


@fault.command("list")
@options.output_format("table", "json", "yaml")
@data_dir
@options.state_dir
@options.debug
def list_(output: str, data_dir: Path | None, state_dir: Path | None) -> None:
    """List the faults that may still strike."""
    faults = ask(running(data_dir, state_dir), "GET", "/faults")["faults"]
    _show(faults, output)


@fault.command()
@click.argument("fault_id", metavar="[ID]", required=False)
@data_dir
@options.state_dir
@options.debug
def clear(fault_id: str | None, data_dir: Path | None, state_dir: Path | None) -> None:
    """Forget the fault with that ID, or all."""
    path = f"/faults/{fault_id}" if fault_id else "/faults"
    ask(running(data_dir, state_dir), "DELETE", path, hint="`submit emulator fault list` shows those that may strike.")


def _warn_of_unknown(made: Mapping[str, Any]) -> None:
    """The fault stands all the same: a client may call what the emulator does not have."""
    method = made["method"]
    if not known_methods.is_known(method):
        near = known_methods.nearest_pattern(method)
        hint = f"Did you mean `{near}`? `submit emulator fault clear {made['id']}` takes this one away." if near else ""
        show([Problem(message=f"no method of the emulator is named `{method}`", hint=hint, severity="warning")])


def _show(faults: list[Any], output: str) -> None:
    if output != "table":
        emit(faults, output)
        return
    for shown in faults:
        rest = ", ".join(f"{key} {value}" for key, value in shown.items() if key not in ("id", "method", "answer"))
        click.echo(f"{shown['id']}  {shown['method']}  {shown['answer']}  ({rest})")
