"""What a person wants to know while a command works; all on stderr, so that stdout is data."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from submit.job import Handle, JobSpec, Pool, State, Status
from submit.sizes import show_bytes, show_seconds

if TYPE_CHECKING:
    from submit.submission import Prepared


def say(label: str, text: str) -> None:
    click.echo(f"{click.style(f'{label:<9}', bold=True)} {text}", err=True)


def progress(text: str) -> None:
    """A step that may take long; on a terminal only."""
    if sys.stderr.isatty():
        click.secho(f"… {text}", fg="bright_black", err=True)


def job(prepared: Prepared) -> None:
    """The package, the machines and what they would cost."""
    spec = prepared.spec
    for package in spec.packages:
        size = show_bytes(len(package.data))
        say("package", f"{package.filename}, {size}, {len(package.files)} files, sha256 {package.digest[:12]}")
    say("machines", machines(spec))
    for note in prepared.notes:
        say("note", note)
    if spec.hourly_usd is not None:
        where = f"on Vertex AI in {prepared.target.region}"
        free = ", free on this machine" if prepared.target.backend == "local" else ""
        say("price", f"at least ${spec.hourly_usd:.2f} an hour {where}{free}")


def machines(spec: JobSpec) -> str:
    """`1 × n1-standard-8 + 1 NVIDIA_TESLA_T4 (chief), 2 × n1-standard-4 (worker)`."""
    return ", ".join(f"{pool.replicas} × {_machine(pool)} ({pool.role.value})" for pool in spec.pools if pool.replicas)


def submitted(handle: Handle) -> None:
    say("job", str(handle))


def would_be(handle: Handle) -> None:
    say("dry run", f"nothing was done; the job would be {handle}")


def detached(handle: Handle) -> None:
    """Ctrl-C: nothing is asked and nothing is lost."""
    click.echo(err=True)
    say("detached", f"the job goes on: {handle}")
    say("follow", f"submit jobs stream-logs {handle}")
    say("stop", f"submit jobs cancel {handle}")


def outcome(status: Status) -> None:
    colour = "green" if status.state is State.SUCCEEDED else "red"
    say("state", click.style(status.state.value, fg=colour, bold=True) + _took(status) + _why(status))
    if status.job_dir:
        say("job dir", status.job_dir)
    if "folder" in status.links:
        say("folder", status.links["folder"])


def _took(status: Status) -> str:
    if status.started is None or status.ended is None:
        return ""
    return f" in {show_seconds((status.ended - status.started).total_seconds())}"


def _why(status: Status) -> str:
    if status.state is State.SUCCEEDED or status.cause is None:
        return ""
    code = f" {status.exit_code}" if status.exit_code is not None else ""
    return f": {status.cause.value}{code}"


def _machine(pool: Pool) -> str:
    machine = pool.machine
    accelerator = f" + {machine.accelerator_count} {machine.accelerator_type}" if machine.accelerator_type else ""
    written = f", `{machine.written_as}`" if machine.written_as else ""
    return f"{machine.machine_type}{accelerator}{written}"
