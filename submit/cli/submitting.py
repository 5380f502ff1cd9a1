"""What `submit train` and `submit jobs rerun` do with a job: prepare it, submit it, follow it to its end."""

from __future__ import annotations

from pathlib import Path

import click

from submit.cli import narrate, recover
from submit.cli.app import EXIT_FAILED
from submit.cli.errors import show
from submit.cli.render import emit
from submit.client import Client
from submit.flags import Flags, request_of, target_of
from submit.status import Handle
from submit.submission import Prepared
from submit.world import terminal


def run(flags: Flags, output: str, *, detach: bool, dry_run: bool) -> int:
    state_dir = flags.get("state_dir")
    state = None if state_dir is None else Path(state_dir)
    client = Client(target=target_of(flags), state_dir=state, progress=narrate.progress)
    try:
        prepared = client.prepare(request_of(flags, dry_run=dry_run), narrate.progress)
    except KeyboardInterrupt as interrupt:
        narrate.no_job()
        return terminal.exit_code(interrupt)
    show(prepared.warnings)
    narrate.job(prepared)
    if dry_run:
        show_dry_run(prepared, output)
        return 0
    return submit(client, prepared, output, detach=detach)


def submit(client: Client, prepared: Prepared, output: str, *, detach: bool) -> int:
    recover.mention(client)
    try:
        handle = client.submit(prepared)
        if detach:
            narrate.pages(client.links(handle))
            _print_handle(handle, output)
            return 0
        narrate.submitted(handle, client.links(handle))
    except KeyboardInterrupt as interrupt:
        recover.tell_interrupted(client)
        return terminal.exit_code(interrupt)
    from submit.cli.follow import View, follow_to_the_end  # not for `--async`

    code = follow_to_the_end(client, [handle], View(output=output))
    if code != EXIT_FAILED or not prepared.spec.fallbacks:
        return code
    elsewhere = prepared.elsewhere(client.describe([handle])[handle])
    if elsewhere is None:
        return code
    narrate.elsewhere(elsewhere)
    return submit(client, elsewhere, output, detach=False)


def _print_handle(handle: Handle, output: str) -> None:
    if output == "table":
        click.echo(handle)
    else:
        emit({"handle": str(handle)}, output)


def show_dry_run(prepared: Prepared, output: str) -> None:
    from submit.cli import dry_run as dry_run_text

    steps, handle = prepared.steps()
    dry_run_text.show(steps, output)
    narrate.would_be(handle)
