"""What has come since the last look, for a tail."""

from __future__ import annotations

import heapq
import time
from collections.abc import Iterator
from itertools import count
from typing import Any

from submit.emulator.logs.entries import JsonEntry
from submit.emulator.logs.job_log import START, JobLog, Place
from submit.emulator.logs.listing import JOB_ID, parsed, projects
from submit.emulator.logs.narrowing import required
from submit.emulator.logs.predicate import predicate
from submit.emulator.logs.sources import Sources

_JOBS_S = 0.5
"""How often new jobs are looked for."""


class Arrivals:
    """Remembers how far each log was read, and what is on its way. Calls block."""

    def __init__(self, request: Any, sources: Sources) -> None:
        node = parsed(request.filter)
        self._projects, self._test = projects(request.resource_names), predicate(node)
        self._job_ids = required(node, JOB_ID)
        self._sources = sources
        self._places: dict[JobLog, Place] = {}
        self._looked = 0.0
        self._number = 0
        self._late: list[tuple[float, int, JsonEntry]] = []
        self._count = count()

    def skip_what_is_there(self) -> None:
        """What is late may still be on its way, and is not skipped."""
        self._find()
        if self._sources.controls.lateness.is_known:
            while there := list(self._read()):
                for entry in there:
                    self._arrived(entry)
            return
        self._places = {log: log.end() for log in self._places}
        self._number = self._sources.written.last_number()

    def new(self) -> list[JsonEntry]:
        if time.monotonic() - self._looked >= _JOBS_S:
            self._find()
        found = [arrived for entry in self._read() if (arrived := self._arrived(entry)) and self._test(arrived)]
        while self._late and self._late[0][0] <= time.time():
            found.append(heapq.heappop(self._late)[2])
        return found

    def _arrived(self, entry: JsonEntry) -> JsonEntry | None:
        """The entry as it is now; one that is on its way is kept."""
        due, arrived = self._sources.controls.lateness.arrival(entry)
        if due <= time.time():
            return arrived
        if self._test(arrived):
            heapq.heappush(self._late, (due, next(self._count), arrived))
        return None

    def _find(self) -> None:
        found = self._sources.jobs.logs(self._projects, self._job_ids)
        self._places = {log: self._places.get(log, START) for log in found}
        self._looked = time.monotonic()

    def _read(self) -> Iterator[JsonEntry]:
        for log, place in self._places.items():
            found, self._places[log] = log.behind(place)
            yield from found
        for number, entry in self._sources.written.behind(self._number):
            self._number = number
            if entry["logName"].split("/")[1] in self._projects:
                yield entry
