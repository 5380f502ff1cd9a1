"""Cloud Logging as a model: entries that arrive when the test says, lists, tails, and what goes wrong with them."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import cast

from submit.backends import cloud_logging
from submit.errors import ErrorKind, ServiceError
from submit.job import Json, JsonObject, LogCursor, LogEntry, LogPage
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
    """A tail gives at most `tail_limit` entries at once, and suppresses the rest; with 0 it is silent about them, and
    about those with the ids `lost` as well. A list takes `list_s`, and is `refused` between these times.

    `troubles` are what the next answers are instead, by their HTTP status; 403 concerns tails alone, 400 the pages of a
    list behind the first, "" is none.
    With `is_closed` no tail comes to be, and that is known after 10 seconds of waiting.
    `by_text`: of a place in the log only the text is kept from one page to the next. `ahead_s`: that much the clock of
    who reads is wrong."""

    def __init__(
        self,
        entries: Iterable[JsonObject],
        end: float,
        troubles: Iterable[str] = (),
        *,
        page_size: int = 1000,
        tail_limit: int | None = None,
        lost: Iterable[str] = (),
        list_s: float = STEP_S,
        refused: tuple[float, float] = (0.0, 0.0),
        by_text: bool = False,
        ahead_s: float = 0.0,
        is_closed: bool = False,
    ) -> None:
        self._arrivals = [(self._order(item), _seconds(item), item) for item in entries]
        self._arrivals.sort(key=lambda arrival: arrival[0])
        self._by_arrival = sorted(((arrival, item) for _, arrival, item in self._arrivals), key=itemgetter(0))
        self.end, self.page_size, self.tail_limit = end, page_size, tail_limit
        self._lost, self._list_s, self._refused, self._by_text = frozenset(lost), list_s, refused, by_text
        self._ahead_s, self._is_closed = ahead_s, is_closed
        self.now = 0.0
        self.calls: list[tuple[float, str]] = []
        self.listed = 0
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
                return {"now": moment(self.now + self._ahead_s)}
            case "get":
                return {"end": moment(self.end) if self.now >= self.end else ""}
            case "entries.list":
                self.now += self._list_s - STEP_S
                is_refused = self._refused[0] < self.now < self._refused[1]
                trouble = "429" if is_refused else next(self._troubles, "")
                self._fail(trouble, "403" if step.request.get("pageToken") else "403 400")
                return self._list(step.request)
            case "entries.tail":
                self._fail(next(self._troubles, ""), "400")
                return self._read(cast(float, step.request["waitSeconds"]))
        raise AssertionError(step)

    def messages(self, pages: Iterable[LogPage]) -> list[str]:
        return [line.message for page in pages for line in page.entries]

    def pages(self, cursor: LogCursor = "", wait_s: float = 1.0) -> Iterator[LogPage]:
        """Each page that a client gets until the log has ended."""
        ended = False
        while not ended:
            page = self.page(cursor, wait_s)
            yield page
            cursor, ended = page.cursor, page.ended

    def page(self, cursor: LogCursor, wait_s: float) -> LogPage:
        cursor = str(cursor) if self._by_text else cursor
        return carry_out(cloud_logging.page(cursor, "p", "7", wait_s, self._end), self)

    def shown(self) -> list[LogEntry]:
        """All entries as somebody who follows sees them, with their marks."""
        return [line for _, line in self.followed()]

    def followed(self) -> Iterator[tuple[float, LogEntry]]:
        """The same, with the times at which they are seen."""
        stream = Stream({"job": ""})
        while not stream.ended:
            due = stream.due()
            wait_s = 1.0 if due is None else max(0.05, min(1.0, due - self.now))
            stream.add("job", self.page(stream.cursor("job"), wait_s), self.now)
            yield from ((self.now, line) for line in stream.ready(self.now))
            assert len(self.calls) < 20_000, "it does not end"

    def delays(self) -> dict[str, float]:
        """By what an entry says: how many seconds after its arrival it is seen."""
        arrivals = {str(item["insertId"]): arrival for _, arrival, item in self._arrivals}
        return {line.message: seen - arrivals[line.insert_id] for seen, line in self.followed()}

    def count(self, method: str) -> int:
        return sum(called == method for _, called in self.calls)

    def _end(self) -> Conversation[str]:
        return str(cast(JsonObject, (yield Call(api="job", method="get", request={})))["end"])

    def _fail(self, trouble: str, unless: str) -> None:
        if trouble == "503":
            self._tail = None
        if trouble and trouble not in unless:
            raise ServiceError(f"HTTP {trouble}", kind=KINDS[trouble])

    def _list(self, request: JsonObject) -> JsonObject:
        horizon = re.search(
            r'timestamp>="(.+)" AND \(timestamp>="(.+)" OR receiveTimestamp>="\2"\)', str(request["filter"])
        )
        earliest, since = horizon.groups() if horizon else ("", "")
        behind = str(request.get("pageToken", ""))
        rest = [
            (order, item)
            for order, arrival, item in self._arrivals
            if arrival <= self.now
            and order > behind
            and str(item["timestamp"]) >= earliest
            and max(str(item["timestamp"]), str(item["receiveTimestamp"])) >= since
        ]
        page: JsonObject = {"entries": [item for _, item in rest[: self.page_size]]}
        self.listed += len(rest[: self.page_size])
        return {**page, "nextPageToken": rest[self.page_size - 1][0]} if rest[self.page_size :] else page

    def _order(self, item: JsonObject) -> str:
        return f"{item['timestamp']} {item['insertId']}"

    def _read(self, wait_s: float) -> JsonObject:
        """What has arrived since the last read, after a wait for the first of it."""
        name, begun, read = self._tail or (f"session {self.now}", self.now, self.now)
        if self._is_closed:
            self._tail, self.now = (name, begun, read), self.now + wait_s
            self._fail("503" if self.now - begun > 10 else "", "")
            return {"session": name, "ageSeconds": 0.0, "entries": [], "suppressed": 0}
        begin = bisect_right(self._by_arrival, read, key=itemgetter(0))
        following = self._by_arrival[begin][0] if self._by_arrival[begin:] else self.now + wait_s
        self.now = max(self.now, min(self.now + wait_s, following))
        self._tail = name, begun, self.now
        end = bisect_right(self._by_arrival, self.now, key=itemgetter(0))
        found = [item for _, item in self._by_arrival[begin:end]] if self.tail_limit != 0 else []
        given: list[Json] = list(found[: self.tail_limit])
        suppressed = len(found) - len(given)
        given = [item for item in given if cast(JsonObject, item)["insertId"] not in self._lost]
        return {"session": name, "ageSeconds": self.now - begun, "entries": given, "suppressed": suppressed}


def _seconds(item: JsonObject) -> float:
    return times.seconds_between(times.of(NOON), str(item["receiveTimestamp"]))
