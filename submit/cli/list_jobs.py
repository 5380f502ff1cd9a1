"""`submit jobs list`."""

from __future__ import annotations

from pathlib import Path

import click

from submit.cli import options
from submit.cli.render import JOB_COLUMNS, emit, status_json, status_row, table
from submit.client import Client
from submit.status import State
from submit.target import TargetFlags


@click.command(
    "list",
    epilog="""\b
Examples:
  submit jobs list --limit 10
  submit jobs list --state running
  submit jobs list --state failed --format json | jq -r '.[].handle'""",
)
@click.option(
    "--limit", default=50, show_default=True, type=click.IntRange(min=1), metavar="N", help="At most so many jobs."
)
@click.option("--state", type=click.Choice(list(State), case_sensitive=False), help="Only jobs in this state.")
@options.backend
@options.project
@options.region
@options.output_format("table", "json", "yaml")
@options.state_dir
@options.debug
def list_jobs(limit: int, state: State | None, output: str, state_dir: Path | None, **where: str | None) -> None:
    """List jobs, the newest first."""
    client = Client(target=TargetFlags(**where), state_dir=state_dir)
    found = client.list_jobs(limit + 1, state)
    statuses = found[:limit]
    if output != "table":
        emit([status_json(status) for status in statuses], output)
    elif statuses:
        click.echo("\n".join(table(JOB_COLUMNS, map(status_row, statuses))))
        if len(found) > limit:
            click.echo(f"there are more: --limit {2 * limit}", err=True)
    else:
        which = f" that are {state.value}" if state else ""
        click.echo(f"there are no jobs{which} at `{client.target.backend}`; `--backend` looks elsewhere", err=True)
