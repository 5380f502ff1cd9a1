"""What a person wants to know while a command works; all on stderr, so that stdout is data."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import click

from submit.cli.render import COLOURS, lines, reason
from submit.sizes import show_bytes, show_seconds
from submit.status import Cause, Handle, State, Status

if TYPE_CHECKING:
    from submit.job import JobSpec, Pool
    from submit.submission import Prepared

_PRICED: Mapping[str, str] = {
    "vertex": "",
    "local": ", free on this machine",
    "mlengine": "; what ML Engine itself asks is not known",
}
"""What the price on Vertex AI means on a backend; on others, e.g. a cluster, it means nothing."""
_IN_THE_LOG = (Cause.EXIT_CODE, Cause.SIGNAL)
"""Of what else ends a job its log may say nothing."""
LAST_LINES = 5
"""of a traceback: the line that failed, and the error"""


def say(label: str, text: str) -> None:
    click.echo(f"{click.style(f'{label:<9}', bold=True)} {text}", err=True)


def progress(text: str) -> None:
    """A step that may take long; on a terminal only."""
    if sys.stderr.isatty():
        click.secho(f"… {text}", fg="bright_black", err=True)


def changed(status: Status) -> None:
    """While one waits; on a terminal only."""
    progress(f"{status.handle} is {status.state.value}")


def job(prepared: Prepared) -> None:
    """The package, the machines and what they would cost."""
    spec = prepared.spec
    for package in spec.packages:
        size = show_bytes(len(package.data))
        say("package", f"{package.filename}, {size}, {len(package.files)} files, sha256 {package.digest[:12]}")
    say("machines", machines(spec))
    for note in prepared.notes:
        say("note", note)
    if spec.hourly_usd is not None and prepared.target.backend in _PRICED:
        say("price", price(prepared))
    limit, timeout = spec.scheduling.max_cost_usd, spec.scheduling.timeout_s
    if limit is not None and timeout is not None and prepared.target.backend != "local":
        say("limit", f"${limit:.2f} by the list price: the job is ended after {show_seconds(timeout)}")


def price(prepared: Prepared) -> str:
    """With the machines that it is for, if those of the config are not to be had any more."""
    from submit import assemble  # a submission has it already, other commands do without

    spec, target = prepared.spec, prepared.target
    replaced = spec.priced_as != assemble.machines(spec.pools)
    machines = f" for {spec.priced_as}" if replaced else ""
    return f"at least ${spec.hourly_usd:.2f} an hour on Vertex AI in {target.region}{machines}{_PRICED[target.backend]}"


def machines(spec: JobSpec) -> str:
    """`1 × n1-standard-8 + 1 NVIDIA_TESLA_T4 (chief), 2 × n1-standard-4 (worker)`."""
    return ", ".join(f"{pool.replicas} × {_machine(pool)} ({pool.role.value})" for pool in spec.pools if pool.replicas)


def submitted(handle: Handle, links: Mapping[str, str]) -> None:
    say("job", str(handle))
    pages(links)


def pages(links: Mapping[str, str]) -> None:
    for name, address in links.items():
        say(name, address)


def elsewhere(prepared: Prepared) -> None:
    number, count = prepared.spec.first_plan, len(prepared.spec.fallbacks)
    say("fallback", f"there were no machines; trying the fallback {number} of {count}")


def would_be(handle: Handle) -> None:
    say("dry run", f"nothing was done; the job would be {handle}")


def detached(*handles: Handle) -> None:
    """Ctrl-C: nothing is asked and nothing is lost."""
    click.echo(err=True)
    names = " ".join(str(handle) for handle in handles)
    say("detached", f"the job goes on: {names}" if len(handles) == 1 else f"the jobs go on: {names}")
    say("follow", f"submit jobs stream-logs {names}")
    say("stop", f"submit jobs cancel {names}")


def silent(seconds: float) -> None:
    say("silent", f"nothing was written for {show_seconds(seconds)}")


def notes() -> Callable[[str], None]:
    """Says what is new: while a service does not answer, the same is told again and again."""
    told: list[str] = []

    def tell(note: str) -> None:
        if told[-1:] != [note]:
            told[:] = [note]
            say("log", note)

    return tell


def no_job() -> None:
    click.echo(err=True)
    say("interrupted", "no job was created")


def outcome(status: Status, *, log_was_seen: bool) -> None:
    """How a job ended, where its output is and, if it failed, why and how to look further."""
    say(
        "state", click.style(status.state.value, fg=COLOURS.get(status.state), bold=True) + _took(status) + _why(status)
    )
    if status.state is State.FAILED and (not log_was_seen or status.cause not in _IN_THE_LOG):
        _last_words(status)
    if status.job_dir:
        say("job dir", status.job_dir)
    if "folder" in status.links:
        say("folder", status.links["folder"])
    if status.state is State.FAILED:
        say("details", f"submit jobs describe {status.handle}")


def _last_words(status: Status) -> None:
    if status.message:
        say("message", lines(status.message)[0])
    for line in lines(status.traceback)[-LAST_LINES:] if status.traceback else ():
        click.echo(f"{'':<9} {line}", err=True)


def _took(status: Status) -> str:
    if status.started is None or status.ended is None:
        return ""
    return f" in {show_seconds((status.ended - status.started).total_seconds())}"


def _why(status: Status) -> str:
    return f": {reason(status)}" if status.cause and status.state is State.FAILED else ""


def _machine(pool: Pool) -> str:
    written = f", `{pool.machine.written_as}`" if pool.machine.written_as else ""
    return f"{pool.machine}{written}"
