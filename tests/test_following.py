"""Following logs, with sources that are scripted and a clock that is moved by hand."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import cast

import pytest

from submit.backends import Backend
from submit.errors import ErrorKind, ServiceError
from submit.job import Handle, LogCursor, LogEntry, LogPage, Target
from submit.logs.stream import Stream
from submit.steps import Conversation, Reply, Step
from submit.watch import Ask, OneAsker, batches, so_far
from submit.world.together import Together
from tests.logs.entries import at


class Script:
    """Gives its pages one after the other; waits are what it was asked to wait."""

    def __init__(self, *pages: LogPage) -> None:
        self._pages = iter(pages)
        self.asked: list[tuple[LogCursor, float]] = []

    def __call__(self, cursor: LogCursor, wait_s: float) -> LogPage:
        self.asked.append((cursor, wait_s))
        return next(self._pages)


def page(*entries: LogEntry, cursor: str = "", ended: bool = False, hold_s: float = 0.0, note: str = "") -> LogPage:
    return LogPage(entries=entries, cursor=cursor, ended=ended, hold_s=hold_s, note=note)


def test_each_page_is_asked_for_behind_the_last_and_the_wait_ends_when_something_is_due() -> None:
    ticks = iter(n / 10 for n in range(100))
    script = Script(page(at(1), cursor="1", hold_s=0.5), page(cursor="2"), page(at(2), cursor="3", ended=True))
    shown = list(batches(Stream({"a": ""}), OneAsker(script), lambda: next(ticks)))
    assert [entry.message for batch in shown for entry in batch] == ["at 1", "at 2"]
    assert [cursor for cursor, _ in script.asked] == ["", "1", "2"]
    assert script.asked[0][1] == 1.0
    assert all(wait_s < 0.5 for _, wait_s in script.asked[1:])


def test_who_follows_never_asks_for_what_there_is_now_alone() -> None:
    """As a backend understands it if nothing is waited for: then it gives up sooner."""
    ticks = iter(range(100))  # it takes a second to show an entry
    script = Script(page(at(1), hold_s=1.5), page(at(2), hold_s=1.5), page(ended=True))
    list(batches(Stream({"a": ""}), OneAsker(script), lambda: next(ticks)))
    assert all(wait_s > 0 for _, wait_s in script.asked)


def no_step(step: Step) -> Reply:
    raise AssertionError(step)


class Busy:
    """A backend whose jobs write faster than anybody asks; three pages were there when they were asked about."""

    def logs(self, _: Handle, __: Target, cursor: LogCursor, wait_s: float) -> Conversation[LogPage]:
        assert not wait_s
        yield from ()
        number = int(str(cursor) or 1)
        return LogPage(entries=[at(number)], cursor=str(number + 1), ended=False, more=number < 3)


def test_what_there_is_now_is_not_what_is_written_meanwhile() -> None:
    target = Target(backend="busy", state_dir="/state", bucket_root="/buckets")
    ask = OneAsker(so_far(cast(Backend, Busy()), Handle("busy", "job"), target, no_step))
    shown = [entry.message for batch in batches(Stream({"a": ""}), ask, time.monotonic) for entry in batch]
    assert shown == ["at 1", "at 2", "at 3"]


def test_what_pages_say_to_people_is_told() -> None:
    told: list[str] = []
    script = Script(page(note="no answer"), page(ended=True))
    assert list(batches(Stream({"a": ""}), OneAsker(script), lambda: 0.0, told.append)) == [[], []]
    assert told == ["no answer"]


def together(**asks: Ask) -> Iterator[list[LogEntry]]:
    return batches(Stream(dict.fromkeys(asks, "")), Together(asks), time.monotonic)


def test_several_sources_are_asked_at_the_same_time() -> None:
    """A source that takes its time holds up nobody."""

    def slow(cursor: LogCursor, wait_s: float) -> LogPage:
        if not cursor:
            return page(cursor="1")
        time.sleep(0.5)
        return page(at(9, "slow"), ended=True)

    quick = Script(*(page(at(n, f"quick {n}"), cursor=str(n)) for n in range(3)), page(ended=True))
    shown = [entry.message for batch in together(a=slow, b=quick) for entry in batch]
    assert shown == ["quick 0", "quick 1", "quick 2", "slow"]


def test_the_error_of_a_source_is_raised_where_it_is_waited_for() -> None:
    def broken(cursor: LogCursor, wait_s: float) -> LogPage:
        raise ServiceError("no", kind=ErrorKind.DENIED)

    with pytest.raises(ServiceError, match="no"):
        list(together(a=broken, b=Script(page(ended=True))))
