"""`submit jobs stream-logs`."""

from __future__ import annotations

import re
from pathlib import Path

import click

from submit.cli import options
from submit.cli.follow import View, follow_to_the_end, print_logs
from submit.cli.named import find, many_jobs
from submit.errors import UsageError
from submit.logs import times
from submit.logs.select import Selection
from submit.logs.severity import SEVERITIES
from submit.world import surroundings

EPILOG = """\b
Examples:
  submit jobs stream-logs JOB
  submit jobs stream-logs "$(submit train --async)"
  submit jobs stream-logs JOB --replica workerpool1-0 --since 10m
  submit jobs stream-logs JOB --tail 100 --grep 'loss=|Traceback'
  submit jobs stream-logs JOB1 JOB2 --severity WARNING
  submit jobs stream-logs JOB --no-follow --format json | jq -r .message"""


def _since(_: click.Context, parameter: click.Parameter, value: str | None) -> str:
    """`10m` ago, or a time in RFC 3339."""
    if value is None:
        return ""
    moment = times.normal(value)
    if moment != times.EPOCH:
        return moment
    return times.earlier(times.of(surroundings.now()), options.seconds(value, parameter))


def _pattern(_: click.Context, parameter: click.Parameter, value: str | None) -> re.Pattern[str] | None:
    try:
        return None if value is None else re.compile(value)
    except re.error as error:
        raise click.BadParameter(f"`{value}` is not a regular expression: {error}", param=parameter) from error


@click.command("stream-logs", epilog=EPILOG)
@many_jobs
@click.option(
    "--replica", type=options.TEXT, metavar="NAME", help="Only this replica, or pool: workerpool1-0, service."
)
@click.option("--since", callback=_since, metavar="TIME", help="Only what is newer: 10m, 2h, 2026-11-21T03:00:00Z.")
@click.option("--tail", "last", type=click.IntRange(min=0), metavar="N", help="Of what is there only the last lines.")
@click.option("--grep", "pattern", callback=_pattern, metavar="REGEX", help="Only lines in which this is found.")
@click.option("--severity", type=click.Choice(SEVERITIES, case_sensitive=False), help="Only this severity, and above.")
@click.option("--timestamps", is_flag=True, help="Show the day and the zone as well.")
@click.option("--follow/--no-follow", default=True, help="Go on until the jobs have ended, or show what is there.")
@click.option(
    "--warn-silent", callback=options.duration, metavar="TIME", help="Say when nothing was written for so long: 10m."
)
@options.output_format("text", "json", "yaml")
@options.state_dir
@options.debug
def stream_logs(
    names: tuple[str, ...],
    replica: str | None,
    since: str,
    last: int | None,
    pattern: re.Pattern[str] | None,
    severity: str | None,
    timestamps: bool,
    follow: bool,
    warn_silent: float | None,
    output: str,
    state_dir: Path | None,
) -> int:
    """Show the logs of jobs from their beginning, and new lines as they come; those of several jobs in one order.

    Ends with the jobs and with their result as the exit code: 0 if they succeeded, 1 if not. As JSON, each entry is
    an object on a line of its own; as YAML, a document. Ctrl-C leaves the jobs running.
    """
    if warn_silent is not None and not follow:
        raise UsageError("--warn-silent: with --no-follow nothing is waited for", hint="Leave out one of the two.")
    client, handles = find(names, state_dir)
    selection = Selection(replica=replica, severity=severity, since=since, pattern=pattern)
    view = View(output=output, full_times=timestamps, selection=selection, last=last, warn_silent_s=warn_silent)
    if follow:
        return follow_to_the_end(client, handles, view)
    print_logs(client, handles, view, follow=False)
    return 0
