"""Follows jobs to their end: log entries as they come, and states."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Protocol, TypeAlias

from submit.backends import Backend
from submit.logs.stream import Stream
from submit.status import Handle, LogCursor, LogEntry, LogPage, Status, Target
from submit.steps import Perform, carry_out

WAIT_S = 1.0  # how long one question for more may wait in the backend; a key press is never held up longer
LEAST_S = 0.01  # who follows waits at least so long: to wait for nothing is to ask what there is now, and no more

Ask: TypeAlias = Callable[[LogCursor, float], LogPage]
"""A source: the page behind a cursor, which may take some seconds to come."""


class Askers(Protocol):
    """Sources that are asked without waiting for them."""

    def ask(self, source: str, cursor: LogCursor, wait_s: float) -> None:
        """Its answer will come; not more than one at a time."""
        ...

    def answers(self, wait_s: float) -> Sequence[tuple[str, LogPage]]:
        """What has come, or comes within that time."""
        ...


class OneAsker:
    """A single source needs no thread."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._asked: tuple[str, LogCursor, float] | None = None

    def ask(self, source: str, cursor: LogCursor, wait_s: float) -> None:
        self._asked = source, cursor, wait_s

    def answers(self, wait_s: float) -> Sequence[tuple[str, LogPage]]:
        if self._asked is None:
            return []
        (source, cursor, wait_s), self._asked = self._asked, None
        return [(source, self._ask(cursor, wait_s))]


def following(backend: Backend, handle: Handle, target: Target, perform: Perform) -> Ask:
    """A job's log up to its end."""
    return lambda cursor, wait_s: carry_out(backend.logs(handle, target, cursor, wait_s), perform)


def so_far(backend: Backend, handle: Handle, target: Target, perform: Perform) -> Ask:
    """What there is now of a job's log; what is written meanwhile is not waited for, or there might be no end."""

    def ask(cursor: LogCursor, _: float) -> LogPage:
        page = carry_out(backend.logs(handle, target, cursor, 0.0), perform)
        return replace(page, ended=page.ended or not page.more)

    return ask


def batches(
    stream: Stream, askers: Askers, clock: Callable[[], float], note: Callable[[str], None] = lambda _: None
) -> Iterator[list[LogEntry]]:
    """What is to be shown, until all sources have ended; an empty list about every second if there is nothing.

    `note` is told what the pages say to people.
    """
    asked: set[str] = set()
    while not stream.ended:
        due = stream.due()
        wait_s = WAIT_S if due is None else max(LEAST_S, min(WAIT_S, due - clock()))
        for source in stream.wanted().difference(asked):
            askers.ask(source, stream.cursor(source), wait_s)
            asked.add(source)
        for source, page in askers.answers(wait_s):
            stream.add(source, page, clock())
            if page.note:
                note(page.note)
            asked.discard(source)
        yield stream.ready(clock())


def until_ended(
    handles: Sequence[Handle],
    look: Callable[[Sequence[Handle]], Mapping[Handle, Status]],
    pause: Callable[[float], None],
    clock: Callable[[], float],
    deadline: float | None,
    changed: Callable[[Status], None],
) -> Mapping[Handle, Status]:
    """Looks at growing intervals (20 ms to 2 s) until all jobs have ended or the deadline is over.

    Only jobs that have not ended are looked at again; `changed` is told of each state that is new, the first included.
    """
    interval = 0.02
    known: dict[Handle, Status] = {}
    running = tuple(handles)
    while True:
        for handle, status in look(running).items():
            if handle not in known or known[handle].state is not status.state:
                changed(status)
            known[handle] = status
        running = tuple(handle for handle in running if not known[handle].state.ended)
        if not running or (deadline is not None and clock() >= deadline):
            return known
        pause(interval if deadline is None else max(0.0, min(interval, deadline - clock())))
        interval = min(interval * 1.5, 2.0)
