"""Jobs that exist, for Python programs: `submit jobs …` as functions and as methods of a `Job`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from submit.client import Client
from submit.job import Handle, LogEntry, State, Status
from submit.steps import Step
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

    def cancel(self, *, dry_run: bool = False) -> Sequence[Step]:
        """Stops the job; returns the steps of that, which `dry_run` does not take."""
        if not dry_run:
            self._client.cancel(self.handle)
        return self._client.steps("cancel", self.handle)

    def delete(self, *, dry_run: bool = False) -> Sequence[Step]:
        """Forgets a job that has ended; what it wrote to its job dir stays. Returns the steps as `cancel` does."""
        if not dry_run:
            self._client.delete(self.handle)
        return self._client.steps("delete", self.handle)


def get(name: str, *, state_dir: str | Path | None = None) -> Job:
    """The job of that handle (`local://…`) or name; whether there is one is seen when it is asked."""
    client = Client(state_dir=_path(state_dir))
    return Job(client.handle(name), client)


def list_jobs(
    *,
    limit: int = 50,
    state: State | str | None = None,
    backend: str | None = None,
    project: str | None = None,
    region: str | None = None,
    state_dir: str | Path | None = None,
) -> Sequence[Status]:
    """The newest first, at most `limit` of those that are in that state."""
    client = Client(target=TargetFlags(backend=backend, project=project, region=region), state_dir=_path(state_dir))
    return client.list_jobs(limit, None if state is None else State(state))


def _path(folder: str | Path | None) -> Path | None:
    return None if folder is None else Path(folder)
