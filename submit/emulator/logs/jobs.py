"""The logs of the engine's jobs that came through Google's APIs."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from submit.emulator.logs.around import Origin
from submit.emulator.logs.job_log import JobLog
from submit.emulator.shelf import Shelf
from submit.errors import ErrorKind, ServiceError

if TYPE_CHECKING:
    from submit.engine import Engine

FindJob = Callable[[str], Iterable[str]]

_KEPT = 10_000
ENDED = ("SUCCEEDED", "FAILED", "CANCELLED")
_RESTING = ("QUEUED", *ENDED)
"""The last line is in the log before the state is in the store, and no job is queued again."""


def find_job(job_id: str) -> Iterable[str]:
    """The engine's ids that a `resource.labels.job_id` may stand for."""
    return (f"vertex-{job_id}", f"ml-{job_id}") if job_id.isdecimal() else (f"ml-{job_id}",)


class JobLogs:
    """Calls block."""

    def __init__(self, engine: Engine, find: FindJob) -> None:
        self._engine, self._find, self._shelf = engine, find, Shelf(engine)
        self._logs: OrderedDict[str, tuple[str, JobLog]] = OrderedDict()

    def logs(self, projects: frozenset[str], job_ids: Iterable[str] | None) -> Iterator[JobLog]:
        """Of all jobs in those projects, or of those that are named; unknown names are passed over."""
        for job in self._shelf.all() if job_ids is None else self.named(job_ids):
            client = job["client"] or {}
            if client.get("project") in projects and client.get("job_id"):
                yield self._log(job, client)

    def named(self, job_ids: Iterable[str]) -> Iterator[dict[str, Any]]:
        for engine_id in (engine_id for job_id in job_ids for engine_id in self._find(job_id)):
            try:
                yield from self._engine.get([engine_id])
            except ServiceError as error:
                if error.kind is not ErrorKind.NOT_FOUND:
                    raise

    def have_ended(self, job_ids: Iterable[str]) -> bool:
        """Also if there is no such job."""
        return all(job["state"] in ENDED for job in self.named(job_ids))

    def _log(self, job: dict[str, Any], client: dict[str, Any]) -> JobLog:
        """A job that was deleted and made anew under the same id has another submission id, and another file."""
        submission, log = self._logs.pop(job["id"], ("", None))
        if log is None or submission != job["submission_id"]:
            path = Path(job["log"])
            is_ml_engine = job["id"].startswith("ml-")
            log = JobLog(path, Origin(client["project"], client["job_id"], is_ml_engine, path.parent))
        log.rest(job["state"] if job["state"] in _RESTING else "")
        self._logs[job["id"]] = (job["submission_id"], log)
        if len(self._logs) > _KEPT:
            self._logs.popitem(last=False)
        return log
