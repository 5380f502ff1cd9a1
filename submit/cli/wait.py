"""`submit jobs wait`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from submit.cli import narrate, options
from submit.cli.app import EXIT_FAILED
from submit.cli.named import find, many_jobs
from submit.cli.render import JOB_COLUMNS, emit_each, status_json, status_row, table
from submit.status import State, Status
from submit.world import terminal

EXIT_STILL_RUNNING = 3


@click.command(
    epilog="""\b
Examples:
  submit jobs wait JOB && echo succeeded
  submit jobs wait JOB1 JOB2 --timeout 1h""",
)
@many_jobs
@click.option(
    "--timeout",
    callback=options.duration,
    metavar="TIME",
    help="Give up waiting for all of them after this, e.g. 10m; the jobs go on.",
)
@options.output_format("table", "json", "yaml")
@options.state_dir
@options.debug
def wait(names: tuple[str, ...], timeout: float | None, output: str, state_dir: Path | None) -> int:
    """Wait for jobs to end; exit 0 if all succeeded, 1 if one did not, 3 if the time was over first."""
    client, handles = find(names, state_dir)
    try:
        found = client.wait_for_all(handles, timeout_s=timeout, changed=narrate.changed)
    except KeyboardInterrupt as interrupt:
        narrate.detached(*handles)
        return terminal.exit_code(interrupt)
    statuses = [found[handle] for handle in handles]
    if output == "table":
        click.echo("\n".join(table(JOB_COLUMNS, map(status_row, statuses))))
    else:
        emit_each([status_json(status) for status in statuses], output)
    return _result(statuses)


def _result(statuses: Sequence[Status]) -> int:
    if any(not status.state.ended for status in statuses):
        return EXIT_STILL_RUNNING
    return 0 if all(status.state is State.SUCCEEDED for status in statuses) else EXIT_FAILED
