"""`submit train` as a function."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Unpack

from submit.client import Client
from submit.flags import Flags, request_of, target_of
from submit.jobs import Job
from submit.steps import Step


def train(**flags: Unpack[Flags]) -> Job:
    """Submits a job and returns at once; `Job.wait` and `Job.logs` follow it.

    The parameters are the flags of `submit train`; `submit.flags.Flags` lists them. Raises `submit.errors.UsageError`
    with every problem if nothing can be sent, `ServiceError` if a service says no.
    """
    client = _client(flags)
    return Job(client.submit(client.prepare(request_of(flags))), client)


def preview(**flags: Unpack[Flags]) -> Sequence[Step]:
    """`submit train --dry-run`: the steps that `train` would take. Nothing is written or sent."""
    return _client(flags).prepare(request_of(flags, dry_run=True)).steps()[0]


def _client(flags: Flags) -> Client:
    if unknown := sorted(set(flags) - Flags.__annotations__.keys()):
        raise TypeError(f"`submit.train` has no parameter `{unknown[0]}`")
    state_dir = flags.get("state_dir")
    return Client(target=target_of(flags), state_dir=None if state_dir is None else Path(state_dir))
