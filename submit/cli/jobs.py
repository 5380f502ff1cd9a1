"""`submit jobs …`: the verbs over jobs that exist."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import click

from submit.cli import dry_run as dry_run_text
from submit.cli import narrate, options
from submit.cli.follow import EXIT_FAILED
from submit.cli.lazy import OrderedGroup
from submit.cli.logs import stream_logs
from submit.cli.metrics import metrics
from submit.cli.named import find, many_jobs
from submit.cli.provenance import diff, provenance_json, provenance_lines, rerun
from submit.cli.recover import recover
from submit.cli.render import emit, emit_each, status_json, status_lines, status_row, table
from submit.client import Client
from submit.errors import Problem, SubmitError
from submit.job import Handle, JsonObject, State, Status
from submit.target import TargetFlags
from submit.world import terminal

EXIT_STILL_RUNNING = 3

EPILOG = """\b
Examples:
  submit jobs list --state running
  submit jobs list --backend vertex --project my-project --region europe-west4
  submit jobs describe JOB --format json | jq .state
  submit jobs stream-logs JOB
  submit jobs cancel JOB

\b
A job is named by the handle that `submit train` prints (`local://trainer_…`) or by its last part."""


def _examples(text: str) -> str:
    return f"\b\nExamples:\n{text}"


@click.group(cls=OrderedGroup, epilog=EPILOG)
def jobs() -> None:
    """List, describe, follow, cancel and delete jobs."""


@jobs.command(
    "list",
    short_help="List jobs, the newest first.",
    epilog=_examples(
        """\
  submit jobs list --limit 10
  submit jobs list --state running
  submit jobs list --state failed --format json | jq -r '.[].handle'"""
    ),
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
        head = ["JOB", "STATE", "CREATED", "DURATION", "CAUSE"]
        click.echo("\n".join(table(head, map(status_row, statuses))))
        if len(found) > limit:
            click.echo(f"there are more: --limit {2 * limit}", err=True)
    else:
        which = f" that are {state.value}" if state else ""
        click.echo(f"there are no jobs{which} at `{client.target.backend}`; `--backend` looks elsewhere", err=True)


@jobs.command(
    short_help="Show all that is known of jobs.",
    epilog=_examples(
        """\
  submit jobs describe JOB
  submit jobs describe JOB --format json | jq .state
  submit jobs describe JOB1 JOB2 --format json | jq '.[].state'"""
    ),
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
    made = {handle: provenance_json(client, handle) for handle in handles} if provenance else {}
    if output == "table":
        texts = [[*status_lines(found[handle]), *provenance_lines(made.get(handle))] for handle in handles]
        click.echo("\n\n".join("\n".join(lines) for lines in texts))
    else:
        more: dict[Handle, JsonObject] = {handle: {"provenance": known} for handle, known in made.items()}
        emit_each([status_json(found[handle]) | more.get(handle, {}) for handle in handles], output)


jobs.add_command(stream_logs)
jobs.add_command(metrics)


@jobs.command(
    short_help="Wait for jobs to end.",
    epilog=_examples(
        """\
  submit jobs wait JOB && echo succeeded
  submit jobs wait JOB1 JOB2 --timeout 3600"""
    ),
)
@many_jobs
@click.option(
    "--timeout",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    help="Give up waiting for all of them after this; the jobs go on.",
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
        click.echo("\n".join(table(["JOB", "STATE", "CREATED", "DURATION", "CAUSE"], map(status_row, statuses))))
    else:
        emit_each([status_json(status) for status in statuses], output)
    return _result(statuses)


def _result(statuses: Sequence[Status]) -> int:
    if any(not status.state.ended for status in statuses):
        return EXIT_STILL_RUNNING
    return 0 if all(status.state is State.SUCCEEDED for status in statuses) else EXIT_FAILED


@jobs.command(
    short_help="Stop jobs.",
    epilog=_examples(
        """\
  submit jobs cancel JOB
  submit jobs cancel JOB1 JOB2 --dry-run"""
    ),
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


@jobs.command(
    short_help="Forget jobs that have ended, with their logs.",
    epilog=_examples(
        """\
  submit jobs delete JOB
  submit jobs delete JOB1 JOB2 --dry-run"""
    ),
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


for _command in (diff, rerun, recover):
    jobs.add_command(_command)


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
    dry_run_text.show([step for handle in handles for step in client.steps(verb, handle)], output)
