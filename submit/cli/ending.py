"""`submit jobs cancel` and `submit jobs delete`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import click

from submit.cli import narrate, options
from submit.cli.named import find, many_jobs
from submit.cli.render import emit_each, status_json
from submit.client import Client
from submit.errors import Problem, SubmitError
from submit.status import Handle, JsonObject


@click.command(
    epilog="""\b
Examples:
  submit jobs cancel JOB
  submit jobs cancel JOB1 JOB2 --dry-run""",
)
@many_jobs
@options.dry_run
@options.output_format("table", "json", "yaml")
@options.state_dir
@options.debug
def cancel(names: tuple[str, ...], dry_run: bool, output: str, state_dir: Path | None) -> None:
    """Stop jobs. Their trainers get SIGTERM and some seconds to save what they have.

    A job that has ended stays as it is.
    """
    client, handles = find(names, state_dir)
    if dry_run:
        _show_steps("cancel", client, handles, output)
        return

    def end(handle: Handle) -> JsonObject:
        client.cancel(handle)
        status = client.describe([handle])[handle]
        narrate.say(status.state.value.lower(), str(handle))
        return status_json(status)

    _each(handles, end, output)


@click.command(
    epilog="""\b
Examples:
  submit jobs delete JOB
  submit jobs delete JOB1 JOB2 --dry-run""",
)
@many_jobs
@options.dry_run
@options.output_format("table", "json", "yaml")
@options.state_dir
@options.debug
def delete(names: tuple[str, ...], dry_run: bool, output: str, state_dir: Path | None) -> None:
    """Forget jobs that have ended, with their logs. What they wrote to their job dirs stays."""
    client, handles = find(names, state_dir)
    if dry_run:
        _show_steps("delete", client, handles, output)
        return

    def end(handle: Handle) -> JsonObject:
        client.delete(handle)
        narrate.say("deleted", str(handle))
        return {"handle": str(handle), "deleted": True}

    _each(handles, end, output)


def _each(handles: Sequence[Handle], end: Callable[[Handle], JsonObject], output: str) -> None:
    """What fails for one job does not keep the others from their end; it is told last."""
    problems: list[Problem] = []
    done: list[JsonObject] = []
    for handle in handles:
        try:
            done.append(end(handle))
        except SubmitError as error:
            problems += error.problems
    if output != "table" and done:
        emit_each(done, output)
    if problems:
        raise SubmitError(problems)


def _show_steps(verb: str, client: Client, handles: Sequence[Handle], output: str) -> None:
    from submit.cli import dry_run as dry_run_text

    dry_run_text.show([step for handle in handles for step in client.steps(verb, handle)], output)
