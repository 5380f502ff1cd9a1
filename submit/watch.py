"""Follows a job to its end: log entries as they come, then its last status."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from submit.backends import Backend
from submit.job import Handle, LogEntry, State, Status, Target
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
    look: Callable[[], Status],
    pause: Callable[[float], None],
    clock: Callable[[], float],
    deadline: float | None,
    changed: Callable[[State], None],
) -> Status:
    """Looks at growing intervals (20 ms to 2 s) until the job has ended or the deadline is over."""
    interval, state = 0.02, None
    while True:
        status = look()
        if status.state is not state:
            state = status.state
            changed(state)
        if status.state.ended or (deadline is not None and clock() >= deadline):
            return status
        pause(interval if deadline is None else max(0.0, min(interval, deadline - clock())))
        interval = min(interval * 1.5, 2.0)
