"""Shows a job's log as it comes, then its result."""

from __future__ import annotations

import click

from submit.cli import narrate
from submit.cli.render import LOG_FORMATS
from submit.client import Client
from submit.job import Handle, State
from submit.world import terminal

EXIT_FAILED = 1


def follow_to_the_end(client: Client, handle: Handle, output: str) -> int:
    """The job's own result as an exit code; Ctrl-C, or a reader that leaves, does the job no harm."""
    try:
        print_logs(client, handle, output, follow=True)
    except KeyboardInterrupt as interrupt:
        _leave(client, handle)
        return terminal.exit_code(interrupt)
    except BrokenPipeError:
        _leave(client, handle)
        raise
    status = client.describe([handle])[handle]
    narrate.outcome(status, log_was_seen=terminal.stdout_is_seen_with_stderr())
    return 0 if status.state is State.SUCCEEDED else EXIT_FAILED


def _leave(client: Client, handle: Handle) -> None:
    if not client.describe([handle])[handle].state.ended:
        narrate.detached(handle)


def print_logs(client: Client, handle: Handle, output: str, *, follow: bool) -> None:
    """Lines on stdout, each as soon as it is known."""
    render = LOG_FORMATS[output]
    for entry in client.logs(handle, follow=follow):
        click.echo(render(entry))
