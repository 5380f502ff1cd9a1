"""Jobs that exist, for Python programs: `submit jobs …` as functions and as methods of a `Job`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from submit.client import Client
from submit.job import Handle, LogEntry, Status
from submit.target import TargetFlags


class Job:
    """A job that was created; every method asks its backend anew."""

    def __init__(self, handle: Handle, client: Client) -> None:
        self.handle = handle
        self._client = client

    def __repr__(self) -> str:
        return f"Job({str(self.handle)!r})"

    def status(self) -> Status:
        return self._client.describe([self.handle])[self.handle]

    def logs(self, *, follow: bool = True) -> Iterator[LogEntry]:
        """All entries in order, each once; with `follow` until the job has ended."""
        return self._client.logs(self.handle, follow=follow)

    def wait(self, timeout_s: float | None = None) -> Status:
        """The status at the end, or the present one when the time is over."""
        return self._client.wait(self.handle, timeout_s=timeout_s)

    def cancel(self) -> None:
        self._client.cancel(self.handle)

    def delete(self) -> None:
        """Forgets a job that has ended; what it wrote to its job dir stays."""
        self._client.delete(self.handle)


def get(name: str, *, state_dir: Path | None = None) -> Job:
    """The job of that handle (`local://…`) or name."""
    client = Client(state_dir=state_dir)
    return Job(client.handle(name), client)


def list_jobs(*, limit: int = 50, backend: str | None = None, state_dir: Path | None = None) -> Sequence[Status]:
    """The newest first."""
    return Client(target=TargetFlags(backend=backend), state_dir=state_dir).list_jobs(limit)
