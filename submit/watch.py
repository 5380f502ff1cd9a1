"""Follows a job to its end: log entries as they come, then its last status."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from submit.backends import Backend
from submit.job import Handle, LogEntry, Status, Target
from submit.steps import Perform, carry_out

WAIT_S = 1.0  # how long one question for more may wait in the backend; a key press is never held up longer


def follow(
    backend: Backend,
    handle: Handle,
    target: Target,
    perform: Perform,
    *,
    cursor: str = "",
    wait_s: float = WAIT_S,
    progress: Callable[[str], None] = lambda _: None,
) -> Iterator[LogEntry]:
    """Every entry after the cursor, once, until the job has ended; `progress` is told each new cursor."""
    while True:
        page = carry_out(backend.logs(handle, target, cursor, wait_s), perform)
        yield from page.entries
        if page.cursor != cursor:
            cursor = page.cursor
            progress(cursor)
        if page.ended:
            return


def so_far(backend: Backend, handle: Handle, target: Target, perform: Perform) -> Iterator[LogEntry]:
    """Every entry that is there now."""
    cursor, more = "", True
    while more:
        page = carry_out(backend.logs(handle, target, cursor, 0.0), perform)
        yield from page.entries
        more, cursor = page.cursor != cursor and not page.ended, page.cursor


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
