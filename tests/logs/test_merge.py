"""The order of entries of several sources."""

from __future__ import annotations

from submit.job import LogEntry
from submit.logs.merge import PATIENCE_S, Merge
from tests.logs.entries import at


def shown(entries: list[LogEntry]) -> list[str]:
    return [f"{entry.message} (late)" if entry.late else entry.message for entry in entries]


def test_the_entries_of_finished_jobs_are_in_one_order_whatever_is_read_first() -> None:
    merge = Merge(["a", "b"])
    merge.add("a", [at(1, "a1"), at(3, "a3")], 0.0, more=True)
    assert shown(merge.ready(0.0)) == []  # nobody knows yet whether b has something older
    merge.add("b", [at(2, "b2"), at(4, "b4")], 0.1, more=True)
    assert shown(merge.ready(0.1)) == ["a1", "b2", "a3"]
    merge.add("a", [at(5, "a5")], 0.2, more=False)
    assert shown(merge.ready(0.2)) == ["b4"]
    merge.end("b")
    assert shown(merge.ready(0.2)) == ["a5"]


def test_a_source_that_gives_nothing_is_not_waited_for_without_an_end() -> None:
    merge = Merge(["a", "b"])
    merge.add("a", [at(1, "a1")], 0.0, more=False)
    assert (shown(merge.ready(1.0)), merge.due()) == ([], PATIENCE_S)
    assert shown(merge.ready(PATIENCE_S)) == ["a1"]
    merge.add("b", [at(0, "b0")], PATIENCE_S, more=False)
    assert shown(merge.ready(PATIENCE_S)) == ["b0 (late)"]


def test_live_entries_wait_for_stragglers_and_no_longer() -> None:
    merge = Merge(["a"])
    merge.add("a", [at(2, "second")], 0.0, hold_s=0.2, more=False)
    assert (shown(merge.ready(0.1)), merge.due()) == ([], 0.2)
    merge.add("a", [at(1, "first"), at(3, "third")], 0.15, hold_s=0.2, more=False)
    assert shown(merge.ready(0.2)) == ["first", "second"]
    assert shown(merge.ready(0.35)) == ["third"]
    assert merge.due() is None


def test_what_comes_too_late_is_shown_at_once_and_marked() -> None:
    merge = Merge(["a"])
    merge.add("a", [at(5, "five")], 0.0, more=False)
    merge.ready(0.0)
    merge.add("a", [at(1, "one"), at(6, "six")], 1.0, hold_s=9.0, more=False)
    assert shown(merge.ready(1.0)) == ["one (late)"]


def test_equal_times_stay_in_the_order_of_the_source() -> None:
    merge = Merge(["a"])
    merge.add("a", [at(1, "z"), at(1, "a"), at(1, "m")], 0.0, more=False)
    assert shown(merge.ready(0.0)) == ["z", "a", "m"]
    merge.add("a", [at(1, "one more")], 1.0, more=False)
    assert shown(merge.ready(1.0)) == ["one more"]


def test_nanoseconds_count() -> None:
    merge = Merge(["a"])
    merge.add("a", [at(1, "two", nanoseconds=2), at(1, "one", nanoseconds=1)], 0.0, more=False)
    assert shown(merge.ready(0.0)) == ["one", "two"]


def test_at_the_end_nothing_is_held_back() -> None:
    merge = Merge(["a"])
    merge.add("a", [at(1, "last")], 0.0, hold_s=60.0, more=True)
    merge.end("a")
    assert shown(merge.ready(0.0)) == ["last"]


def test_what_has_ended_waits_for_those_that_have_not_answered_yet() -> None:
    merge = Merge(["a", "b"])
    merge.add("a", [at(2, "a2")], 0.0, more=False)
    merge.end("a")
    assert shown(merge.ready(0.1)) == []
    merge.add("b", [at(1, "b1")], 0.2, more=False)
    assert shown(merge.ready(0.2)) == ["b1", "a2"]
