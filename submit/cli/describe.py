"""`submit jobs describe`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from submit.cli import options
from submit.cli.named import find, many_jobs
from submit.cli.render import emit_each, status_json, status_lines
from submit.client import Client
from submit.status import Handle, JsonObject


@click.command(
    epilog="""\b
Examples:
  submit jobs describe JOB
  submit jobs describe JOB --format json | jq .state
  submit jobs describe JOB1 JOB2 --format json | jq '.[].state'""",
)
@many_jobs
@click.option("--provenance", is_flag=True, help="Also what the job was made of: code, config, arguments, packages.")
@options.output_format("table", "json", "yaml")
@options.state_dir
@options.debug
def describe(names: tuple[str, ...], provenance: bool, output: str, state_dir: Path | None) -> None:
    """Show all that is known of jobs.

    As JSON or YAML, one job is an object and several are a list.
    """
    client, handles = find(names, state_dir)
    found = client.describe(handles)
    made = _made(client, handles) if provenance else {}
    if output == "table":
        texts = [[*status_lines(found[handle]), *_made_lines(made.get(handle))] for handle in handles]
        click.echo("\n\n".join("\n".join(lines) for lines in texts))
    else:
        more: dict[Handle, JsonObject] = {handle: {"provenance": known} for handle, known in made.items()}
        emit_each([status_json(found[handle]) | more.get(handle, {}) for handle in handles], output)


def _made(client: Client, handles: Sequence[Handle]) -> dict[Handle, JsonObject]:
    from submit.cli.provenance import provenance_json

    return {handle: provenance_json(client, handle) for handle in handles}


def _made_lines(known: JsonObject | None) -> Iterable[str]:
    if known is None:
        return ()
    from submit.cli.provenance import provenance_lines

    return provenance_lines(known)
