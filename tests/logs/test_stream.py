"""Any interleaving, delay, duplication and cut yields each entry once, in order but for those that are marked late."""

from __future__ import annotations

import tracemalloc

from hypothesis import given, settings
from hypothesis import strategies as st

from submit.job import LogCursor, LogEntry, LogPage
from submit.logs.seen import Seen, identity, of
from submit.logs.stream import Stream
from tests.logs.entries import at

NAMES = ("a", "b", "c")


class Source:
    """A log whose entries arrive in any order. Its cursor is how many it gave; pages may be of any size."""

    def __init__(self, name: str, entries: list[LogEntry]) -> None:
        self.name, self.entries = name, entries

    def page(self, cursor: LogCursor, size: int, hold_s: float) -> LogPage:
        begin = int(str(cursor) or 0)
        end = min(begin + size, len(self.entries))
        is_last = end == len(self.entries)
        return LogPage(
            entries=self.entries[begin:end],
            cursor=str(end),
            ended=is_last,
            more=not is_last and hold_s == 0,
            hold_s=hold_s,
        )


@st.composite
def sources(draw: st.DrawFn) -> list[Source]:
    found = []
    for name in NAMES[: draw(st.integers(1, 3))]:
        seconds = draw(st.lists(st.integers(0, 40), max_size=25))  # few values: equal times are common
        found.append(Source(name, [at(s / 4, f"{name}{n}", replica=name) for n, s in enumerate(seconds)]))
    return found


Turn = tuple[int, int, float, float, bool]

turns = st.lists(
    st.tuples(
        st.integers(0, 2),  # whose turn it is
        st.integers(0, 10),  # how much it gives
        st.sampled_from([0.0, 0.5]),  # how long that waits for stragglers
        st.sampled_from([0.0, 0.3, 20.0]),  # how much time goes by
        st.booleans(),  # whether we are interrupted
    ),
    max_size=30,
)


@settings(deadline=None)
@given(sources(), turns)
def test_each_entry_comes_once_and_in_order_after_any_interruptions(logs: list[Source], schedule: list[Turn]) -> None:
    stream = Stream(dict.fromkeys((log.name for log in logs), ""))
    shown: list[LogEntry] = []
    now, newest = 0.0, ""
    rest = [(turn, 10, 0.0, 20.0, False) for turn in range(12)]
    for turn, size, hold_s, passed_s, interrupted in schedule + rest:
        log = logs[turn % len(logs)]
        stream.add(log.name, log.page(stream.cursor(log.name), size, hold_s), now)
        for entry in stream.ready(now):
            assert entry.late == (entry.timestamp < newest)
            newest = max(newest, entry.timestamp)
            shown.append(entry)
        now += passed_s
        if interrupted:  # another process goes on from the texts that were kept
            stream, newest = Stream({log.name: stream.place(log.name) for log in logs}), ""
    assert stream.ended
    assert sorted(entry.message for entry in shown) == sorted(e.message for log in logs for e in log.entries)


@settings(deadline=None)
@given(st.lists(st.integers(0, 2000), max_size=60), st.data())
def test_a_source_that_repeats_itself_within_the_window_shows_each_entry_once(
    seconds: list[int], data: st.DataObject
) -> None:
    """As a service that is asked again from some time before the newest entry on, because others may have arrived."""
    window = 60
    ordered = sorted(seconds)
    arrivals = [at(s, f"n{number}") for number, s in enumerate(ordered)]
    seen, given_so_far = Seen(), 0
    shown: list[LogEntry] = []
    while given_so_far < len(arrivals):
        given_so_far = data.draw(st.integers(given_so_far + 1, len(arrivals)))
        newest = ordered[given_so_far - 1]
        floor = at(max(0, (ordered[len(shown) - 1] if shown else 0) - window)).timestamp
        again = [entry for entry in arrivals[:given_so_far] if entry.timestamp >= floor or not shown]
        shown += [entry for entry in again if seen.is_new(of(entry), entry.timestamp, entry.timestamp)]
        seen = Seen.parse(str(seen.since(at(max(0, newest - window)).timestamp)))
        assert len(seen) <= sum(s >= newest - window for s in ordered[:given_so_far])
    assert shown == arrivals


def test_entries_without_an_id_are_known_by_what_they_say() -> None:
    one = at(1)._replace(insert_id="", message="loss", fields={"loss": 0.5})
    assert of(one) == of(one._replace(late=True))
    assert len({of(one), of(one._replace(fields={"loss": 0.4})), of(one._replace(message="los"))}) == 3


def test_the_same_id_at_another_time_is_another_entry() -> None:
    assert of(at(1, "a")) != of(at(2, "a"))


def test_a_place_is_a_short_text_also_behind_a_million_entries() -> None:
    """And what has been shown takes no memory."""
    stream = Stream({"a": ""})
    page = [at(1, f"n{n}") for n in range(1000)]
    stream.add("a", LogPage(entries=page, cursor="1000", ended=False, more=True), 0.0)
    stream.ready(0.0)
    tracemalloc.start()
    begin = tracemalloc.get_traced_memory()[0]
    for number in range(2, 1001):
        stream.add("a", LogPage(entries=page, cursor=str(number * 1000), ended=False, more=True), 0.0)
        assert len(stream.ready(0.0)) == 1000
    grown = tracemalloc.get_traced_memory()[0] - begin
    tracemalloc.stop()
    assert grown < 100_000
    assert stream.place("a") == '["1000000"]'


def test_a_source_of_which_much_is_held_is_not_asked_for_more() -> None:
    stream = Stream({"a": "", "b": ""})
    while "a" in stream.wanted():
        assert stream.ready(0.0) == []
        stream.add("a", LogPage(entries=[at(1)] * 5000, cursor="", ended=False, more=True), 0.0)
    assert stream.wanted() == {"b"}


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 9))))
def test_copies_know_nothing_of_each_other(steps: list[tuple[int, int, int]]) -> None:
    """In each step a filter is replaced by a copy of another, and gets one more name."""
    filters, models = [Seen() for _ in range(4)], [set[int]() for _ in range(4)]
    for target, source, number in steps:
        filters[target], models[target] = filters[source].copy(), set(models[source])
        moment = at(number % 2).timestamp
        assert filters[target].is_new(identity(str(number)), moment, moment) == (number not in models[target])
        models[target].add(number)
    for found, model in zip(filters, models, strict=True):
        assert len(found) == len(Seen.parse(str(found))) == len(model)
        again = Seen.parse(str(found))
        assert not any(again.is_new(identity(str(n)), at(n % 2).timestamp, at(n % 2).timestamp) for n in model)
