"""Jobs as words of a command line: completed by the shell, and found again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from submit.cli import options
from submit.client import Client
from submit.errors import SubmitError
from submit.status import Handle

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


def _complete(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names of jobs for the shell, or handles if that is how one was begun; a completion must never fail aloud."""
    from click.shell_completion import CompletionItem

    try:
        statuses = Client(state_dir=ctx.params.get("state_dir")).list_jobs(50)
    except (SubmitError, OSError):
        return []
    found = ((_begun(status.handle, incomplete), status.state.value) for status in statuses)
    return [CompletionItem(name, help=state) for name, state in found if name]


def _begun(handle: Handle, incomplete: str) -> str | None:
    """bash splits words at colons: what is left of a handle there begins with `//`."""
    forms = (handle.path, str(handle), f"//{handle.path}")
    return next((form for form in forms if form.startswith(incomplete)), None)


one_job = click.argument("job", type=options.TEXT, shell_complete=_complete)
many_jobs = click.argument(
    "names", metavar="JOB...", nargs=-1, required=True, type=options.TEXT, shell_complete=_complete
)


def find(names: tuple[str, ...], state_dir: Path | None) -> tuple[Client, list[Handle]]:
    """A job that is named twice is one job."""
    client = Client(state_dir=state_dir)
    return client, list(dict.fromkeys(client.handle(name) for name in names))
