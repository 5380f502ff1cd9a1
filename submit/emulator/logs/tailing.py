"""New entries as they come: https://cloud.google.com/logging/docs/reference/v2/rpc/google.logging.v2.

Nothing is ever suppressed: entries wait in the files until the client has taken those before them.
"""

from __future__ import annotations

import asyncio
import heapq
import time
from collections.abc import AsyncIterator, Iterator
from itertools import count
from typing import Any

from submit.emulator.logs.entries import JsonEntry
from submit.emulator.logs.job_log import JobLog
from submit.emulator.logs.jobs import JobLogs
from submit.emulator.logs.listing import JOB_ID, Key, key, parsed, projects
from submit.emulator.logs.narrowing import required
from submit.emulator.logs.predicate import predicate
from submit.emulator.logs.written import Written
from submit.emulator.rpc.errors import bad_request

_STEP_S = 0.02
_JOBS_S = 0.5
"""How often new jobs are looked for."""

_DEFAULT_WINDOW_S, _LARGEST_WINDOW_S = 2.0, 60.0
_ENTRIES = 500


async def tail(request: Any, jobs: JobLogs, written: Written) -> AsyncIterator[list[JsonEntry]]:
    """Lists of entries for a `google.logging.v2.TailLogEntriesRequest`, ordered within its buffer window."""
    arrivals = _Arrivals(request, jobs, written)
    buffer = _Buffer(_window_s(request))
    await asyncio.to_thread(arrivals.skip_what_is_there)
    while True:
        for entry in await asyncio.to_thread(arrivals.new):
            buffer.add(entry)
        while ready := buffer.ready():
            yield ready
        await asyncio.sleep(_STEP_S)


class _Buffer:
    """Keeps entries for the window, so that late ones still come in order."""

    def __init__(self, window_s: float) -> None:
        self._window_s = window_s
        self._entries: list[tuple[Key, int, float, JsonEntry]] = []
        self._count = count()

    def add(self, entry: JsonEntry) -> None:
        heapq.heappush(self._entries, (key(entry), next(self._count), time.monotonic(), entry))

    def ready(self) -> list[JsonEntry]:
        """The oldest entries, up to one that has to wait for others."""
        due = time.monotonic() - self._window_s
        ready: list[JsonEntry] = []
        while self._entries and self._entries[0][2] <= due and len(ready) < _ENTRIES:
            ready.append(heapq.heappop(self._entries)[3])
        return ready


class _Arrivals:
    """Remembers how far each log was read."""

    def __init__(self, request: Any, jobs: JobLogs, written: Written) -> None:
        node = parsed(request.filter)
        self._projects, self._test = projects(request.resource_names), predicate(node)
        self._job_ids = required(node, JOB_ID)
        self._jobs, self._written = jobs, written
        self._logs: dict[JobLog, int] = {}
        self._looked = 0.0
        self._number = 0

    def skip_what_is_there(self) -> None:
        self._find()
        self._logs = {log: log.end() for log in self._logs}
        self._number = self._written.last_number()

    def new(self) -> list[JsonEntry]:
        if time.monotonic() - self._looked >= _JOBS_S:
            self._find()
        return [entry for entry in self._all() if self._test(entry)]

    def _find(self) -> None:
        found = self._jobs.logs(self._projects, self._job_ids)
        self._logs = {log: self._logs.get(log, 0) for log in found}
        self._looked = time.monotonic()

    def _all(self) -> Iterator[JsonEntry]:
        for log, position in self._logs.items():
            end = log.end()
            if end > position:
                yield from log.behind(position, end)
                self._logs[log] = end
        for number, entry in self._written.behind(self._number):
            self._number = number
            if entry["logName"].split("/")[1] in self._projects:
                yield entry


def _window_s(request: Any) -> float:
    if not request.HasField("buffer_window"):
        return _DEFAULT_WINDOW_S
    seconds = float(request.buffer_window.ToTimedelta().total_seconds())
    if not 0 <= seconds <= _LARGEST_WINDOW_S:
        raise bad_request(f"buffer_window must be between 0 and {_LARGEST_WINDOW_S:.0f} seconds.")
    return seconds
