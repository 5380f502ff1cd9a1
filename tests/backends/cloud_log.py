"""Cloud Logging as a model: entries that arrive when the test says, lists, tails, and what goes wrong with them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import cast

from submit.backends import cloud_logging
from submit.errors import ErrorKind, ServiceError
from submit.job import Json, JsonObject, LogEntry, LogPage
from submit.logs import times
from submit.logs.stream import Stream
from submit.steps import Call, Conversation, Reply, Step, carry_out

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
STEP_S = 0.01
"""what any answer takes"""


def moment(seconds: float) -> str:
    return times.of(NOON + timedelta(seconds=seconds))


def entry(name: str, second: float, arrival: float | None = None, **more: object) -> JsonObject:
    arrival = second if arrival is None else arrival
    found = {
        "insertId": name,
        "logName": "projects/p/logs/workerpool0-0",
        "timestamp": moment(second),
        "receiveTimestamp": moment(arrival),
        "severity": "INFO",
        "resource": {"type": "ml_job", "labels": {"job_id": "7", "task_name": "workerpool0-0"}},
        "jsonPayload": {"message": name, "levelname": "INFO"},
        **more,
    }
    return cast(JsonObject, found)


def last_words(second: float, words: str = "Job completed successfully.") -> JsonObject:
    resource = {"type": "ml_job", "labels": {"job_id": "7", "task_name": "service"}}
    return entry("last", second, resource=resource, jsonPayload=None, textPayload=words)


KINDS = {
    "400": ErrorKind.INVALID,
    "403": ErrorKind.DENIED,
    "404": ErrorKind.NOT_FOUND,
    "429": ErrorKind.QUOTA,
    "503": ErrorKind.TRANSIENT,
}


class CloudLog:
    """A tail gives at most `tail_limit` entries at once, and suppresses the rest; with 0 it is silent about them.

    `troubles` are what the next answers are instead, by their HTTP status; 403 concerns tails alone, "" is none."""

    def __init__(
        self,
        entries: Iterable[JsonObject],
        end: float,
        troubles: Iterable[str] = (),
        *,
        page_size: int = 1000,
        tail_limit: int | None = None,
    ) -> None:
        self._arrivals = [(self._order(item), _seconds(item), item) for item in entries]
        self._arrivals.sort(key=lambda arrival: arrival[0])
        self.end, self.page_size, self.tail_limit = end, page_size, tail_limit
        self.now = 0.0
        self.calls: list[tuple[float, str]] = []
        self._troubles = iter(troubles)
        self._tail: tuple[str, float, float] | None = None

    def __call__(self, step: Step) -> Reply:
        assert isinstance(step, Call)
        self.now += STEP_S
        self.calls.append((self.now, step.method))
        match step.method:
            case "pause":
                self.now += cast(float, step.request["seconds"])
                return {}
            case "now":
                return {"now": moment(self.now)}
            case "get":
                return {"end": moment(self.end) if self.now >= self.end else ""}
            case "entries.list":
                self._fail(next(self._troubles, ""))
                return self._list(step.request)
            case "entries.tail":
                self._fail(next(self._troubles, ""), tail=True)
                return self._read(cast(float, step.request["waitSeconds"]))
        raise AssertionError(step)

    def messages(self, pages: Iterable[LogPage]) -> list[str]:
        return [line.message for page in pages for line in page.entries]

    def pages(self, cursor: str = "", wait_s: float = 1.0) -> Iterator[LogPage]:
        """Each page that a client gets until the log has ended."""
        ended = False
        while not ended:
            page = self.page(cursor, wait_s)
            yield page
            cursor, ended = page.cursor, page.ended

    def page(self, cursor: str, wait_s: float) -> LogPage:
        return carry_out(cloud_logging.page(cursor, "p", "7", wait_s, self._end), self)

    def shown(self) -> list[LogEntry]:
        """All entries as somebody who follows sees them, with their marks."""
        stream = Stream({"job": ""})
        found: list[LogEntry] = []
        while not stream.ended:
            due = stream.due()
            wait_s = 1.0 if due is None else max(0.05, min(1.0, due - self.now))
            stream.add("job", self.page(stream.cursor("job"), wait_s), self.now)
            found += stream.ready(self.now)
            assert len(self.calls) < 20_000, "it does not end"
        return found

    def count(self, method: str) -> int:
        return sum(called == method for _, called in self.calls)

    def _end(self) -> Conversation[str]:
        return str(cast(JsonObject, (yield Call(api="job", method="get", request={})))["end"])

    def _fail(self, trouble: str, *, tail: bool = False) -> None:
        if trouble == "503":
            self._tail = None
        if trouble and (tail or trouble != "403"):
            raise ServiceError(f"HTTP {trouble}", kind=KINDS[trouble])

    def _arrived(self, since: float = -1.0) -> list[JsonObject]:
        return [item for _, arrival, item in self._arrivals if since < arrival <= self.now]

    def _list(self, request: JsonObject) -> JsonObject:
        horizon = re.search(r'receiveTimestamp>="([^"]+)"', str(request["filter"]))
        since, behind = horizon[1] if horizon else "", str(request.get("pageToken", ""))
        rest = [
            (order, item)
            for order, arrival, item in self._arrivals
            if arrival <= self.now and order > behind and str(item["receiveTimestamp"]) >= since
        ]
        page: JsonObject = {"entries": [item for _, item in rest[: self.page_size]]}
        return {**page, "nextPageToken": rest[self.page_size - 1][0]} if rest[self.page_size :] else page

    def _order(self, item: JsonObject) -> str:
        return f"{item['timestamp']} {item['insertId']}"

    def _read(self, wait_s: float) -> JsonObject:
        """What has arrived since the last read, after a wait for the first of it."""
        name, begun, read = self._tail or (f"session {self.now}", self.now, self.now)
        following = min((arrival for _, arrival, _ in self._arrivals if arrival > read), default=self.now + wait_s)
        self.now = max(self.now, min(self.now + wait_s, following))
        self._tail = name, begun, self.now
        found = self._arrived(read) if self.tail_limit != 0 else []
        given: list[Json] = list(found[: self.tail_limit])
        suppressed = len(found) - len(given)
        return {"session": name, "ageSeconds": self.now - begun, "entries": given, "suppressed": suppressed}


def _seconds(item: JsonObject) -> float:
    return times.seconds_between(times.of(NOON), str(item["receiveTimestamp"]))
