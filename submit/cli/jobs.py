"""`submit jobs …`: the verbs over jobs that exist."""

from __future__ import annotations

from pathlib import Path

import click
from click.shell_completion import CompletionItem

from submit.cli import dry_run as dry_run_text
from submit.cli import narrate, options
from submit.cli.follow import EXIT_FAILED, EXIT_INTERRUPTED, follow_to_the_end, print_logs
from submit.cli.render import emit, status_json, status_lines, status_row, table
from submit.client import Client
from submit.errors import SubmitError
from submit.job import Handle, State
from submit.target import TargetFlags

EXIT_STILL_RUNNING = 3

EPILOG = """\b
Examples:
  submit jobs list --state RUNNING
  submit jobs describe JOB --format json | jq .state
  submit jobs stream-logs JOB
  submit jobs cancel JOB

\b
A job is named by the handle that `submit train` prints (`local://trainer_…`) or by its last part."""


def _complete(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names of jobs for the shell; a completion must never fail aloud."""
    try:
        statuses = Client(state_dir=ctx.params.get("state_dir")).list_jobs(50)
    except SubmitError:
        return []
    return [CompletionItem(s.name, help=s.state.value) for s in statuses if s.name.startswith(incomplete)]


one_job = click.argument("job", shell_complete=_complete)
many_jobs = click.argument("names", metavar="JOB...", nargs=-1, required=True, shell_complete=_complete)


@click.group(epilog=EPILOG)
def jobs() -> None:
    """List, describe, follow, cancel and delete jobs."""


@jobs.command("list")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(min=1), help="At most so many jobs.")
@click.option("--state", type=click.Choice(list(State), case_sensitive=False), help="Only jobs in this state.")
@options.backend
@options.output_format("table", "json", "yaml")
@options.state_dir
@options.debug
def list_jobs(limit: int, state: State | None, backend: str | None, output: str, state_dir: Path | None) -> None:
    """List jobs, the newest first."""
    client = Client(target=TargetFlags(backend=backend), state_dir=state_dir)
    found = client.list_jobs(limit)
    statuses = [status for status in found if state is None or status.state is state]
    if output != "table":
        emit([status_json(status) for status in statuses], output)
    elif statuses:
        head = ["JOB", "STATE", "CREATED", "DURATION", "CAUSE"]
        click.echo("\n".join(table(head, map(status_row, statuses))))
    else:
        click.echo("there are no jobs", err=True)


@jobs.command()
@many_jobs
@options.output_format("table", "json", "yaml")
@options.state_dir
@options.debug
def describe(names: tuple[str, ...], output: str, state_dir: Path | None) -> None:
    """Show all that is known of a job."""
    client, handles = _find(names, state_dir)
    found = client.describe(handles)
    statuses = [found[handle] for handle in handles]
    if output != "table":
        values = [status_json(status) for status in statuses]
        emit(values[0] if len(values) == 1 else [*values], output)
        return
    click.echo("\n\n".join("\n".join(status_lines(status)) for status in statuses))


@jobs.command("stream-logs")
@one_job
@click.option("--follow/--no-follow", default=True, help="Go on until the job has ended, or show what is there.")
@options.output_format("text", "json")
@options.state_dir
@options.debug
def stream_logs(job: str, follow: bool, output: str, state_dir: Path | None) -> int:
    """Show a job's log from its beginning, and its new lines as they come.

    Ends with the job and with its result as the exit code: 0 if it succeeded, 1 if not.
    """
    client, (handle,) = _find((job,), state_dir)
    if follow:
        return follow_to_the_end(client, handle, output)
    print_logs(client, handle, output, follow=False)
    return 0


@jobs.command()
@many_jobs
@click.option("--timeout", type=float, metavar="SECONDS", help="Give up waiting after this; the jobs go on.")
@options.output_format("table", "json", "yaml")
@options.state_dir
@options.debug
def wait(names: tuple[str, ...], timeout: float | None, output: str, state_dir: Path | None) -> int:
    """Wait for jobs to end; exit 0 if all succeeded, 1 if one did not, 3 if the time was over first."""
    client, handles = _find(names, state_dir)
    try:
        statuses = [client.wait(handle, timeout_s=timeout) for handle in handles]
    except KeyboardInterrupt:
        for handle in handles:
            narrate.detached(handle)
        return EXIT_INTERRUPTED
    if output == "table":
        click.echo("\n".join(f"{status.handle}  {status.state.value}" for status in statuses))
    else:
        emit([status_json(status) for status in statuses], output)
    if any(not status.state.ended for status in statuses):
        return EXIT_STILL_RUNNING
    return 0 if all(status.state is State.SUCCEEDED for status in statuses) else EXIT_FAILED


@jobs.command()
@many_jobs
@options.dry_run
@options.output_format("table", "json", "yaml")
@options.state_dir
@options.debug
def cancel(names: tuple[str, ...], dry_run: bool, output: str, state_dir: Path | None) -> None:
    """Stop jobs. Their trainers get SIGTERM and some seconds to save what they have."""
    _end("cancel", names, dry_run, output, state_dir)


@jobs.command()
@many_jobs
@options.dry_run
@options.output_format("table", "json", "yaml")
@options.state_dir
@options.debug
def delete(names: tuple[str, ...], dry_run: bool, output: str, state_dir: Path | None) -> None:
    """Forget jobs that have ended, with their logs. What they wrote to their job dirs stays."""
    _end("delete", names, dry_run, output, state_dir)


def _end(verb: str, names: tuple[str, ...], dry_run: bool, output: str, state_dir: Path | None) -> None:
    client, handles = _find(names, state_dir)
    if dry_run:
        dry_run_text.show(client.steps(verb, handles), "text" if output == "table" else output)
        return
    for handle in handles:
        client.cancel(handle) if verb == "cancel" else client.delete(handle)
    if output == "table":
        for handle in handles:
            narrate.say("cancelled" if verb == "cancel" else "deleted", str(handle))
    else:
        emit([{"handle": str(handle), "done": verb} for handle in handles], output)


def _find(names: tuple[str, ...], state_dir: Path | None) -> tuple[Client, list[Handle]]:
    client = Client(state_dir=state_dir)
    return client, [client.handle(name) for name in names]
