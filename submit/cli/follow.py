"""Shows a job's log as it comes, then its result."""

from __future__ import annotations

import sys

import click

from submit.cli import narrate
from submit.cli.render import log_json, log_line
from submit.client import Client
from submit.job import Handle, State

EXIT_FAILED = 1
EXIT_INTERRUPTED = 130


def follow_to_the_end(client: Client, handle: Handle, output: str) -> int:
    """The job's own result as an exit code; Ctrl-C, or a reader that leaves, does the job no harm."""
    try:
        print_logs(client, handle, output, follow=True)
        status = client.describe([handle])[handle]
    except KeyboardInterrupt:
        narrate.detached(handle)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        narrate.detached(handle)
        raise
    narrate.outcome(status)
    return 0 if status.state is State.SUCCEEDED else EXIT_FAILED


def print_logs(client: Client, handle: Handle, output: str, *, follow: bool) -> None:
    """Lines on stdout, each as soon as it is known."""
    render = log_json if output == "json" else log_line
    colour = None if sys.stdout.isatty() else False
    for entry in client.logs(handle, follow=follow):
        click.echo(render(entry), color=colour)
