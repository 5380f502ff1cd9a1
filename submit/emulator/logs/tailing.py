"""New entries as they come: https://cloud.google.com/logging/docs/reference/v2/rpc/google.logging.v2.

Entries wait in the files until the client has taken those before them: none is suppressed unless the settings say so.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from typing import Any, TypeAlias

from submit.emulator.logs.arrivals import Arrivals
from submit.emulator.logs.buffer import Buffer
from submit.emulator.logs.entries import JsonEntry
from submit.emulator.logs.settings import Controls
from submit.emulator.logs.sources import Sources
from submit.emulator.rpc.errors import RpcError, bad_request

Tailed: TypeAlias = tuple[list[JsonEntry], Mapping[str, int]]
"""Entries, and how many were left out, by the reason."""

_STEP_S, _QUIET_STEP_S = 0.01, 0.05
_QUIET_AFTER_S = 5.0
_DEFAULT_WINDOW_S, _LARGEST_WINDOW_S = 2.0, 60.0


async def tail(request: Any, sources: Sources) -> AsyncIterator[Tailed]:
    """What a `google.logging.v2.TailLogEntriesRequest` asks for, ordered within its buffer window.

    Ends with OUT_OF_RANGE when the session has lasted long enough, as with the service.
    """
    controls = sources.controls
    controls.refuse_tail()
    buffer, suppression = Buffer(_window_s(request)), _Suppression(controls)
    arrivals = Arrivals(request, sources)
    await asyncio.to_thread(arrivals.skip_what_is_there)
    begin = news = time.monotonic()
    while time.monotonic() - begin < controls.settings.tail_session_s:
        found = await asyncio.to_thread(arrivals.new)
        if found:
            buffer.add(found)
            news = time.monotonic()
        suppression.bound(buffer)
        while ready := buffer.ready():
            yield suppression.admitted(ready), suppression.told()
        if left_out := suppression.told():
            yield [], left_out
        if not found:
            await asyncio.sleep(_STEP_S if time.monotonic() - news < _QUIET_AFTER_S else _QUIET_STEP_S)
    lasted = f"{controls.settings.tail_session_s:g}s"
    message = f"Session has run for the maximum allowed duration of {lasted}. To continue, start a new session."
    raise RpcError("OUT_OF_RANGE", message)


class _Suppression:
    """Leaves entries out as the service does when there are too many, and counts them."""

    def __init__(self, controls: Controls) -> None:
        self._controls = controls
        self._second, self._passed = 0, 0
        self._left_out: Counter[str] = Counter()

    def bound(self, buffer: Buffer) -> None:
        limit = self._controls.settings.tail_buffer
        if limit is not None:
            self._count("NOT_CONSUMED", buffer.drop_down_to(limit))

    def admitted(self, entries: list[JsonEntry]) -> list[JsonEntry]:
        limit = self._controls.settings.tail_entries_per_s
        if limit is None:
            return entries
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._passed = second, 0
        passing = entries[: limit - self._passed]
        self._passed += len(passing)
        self._count("RATE_LIMIT", len(entries) - len(passing))
        return passing

    def told(self) -> Mapping[str, int]:
        """What was not told before."""
        counts, self._left_out = self._left_out, Counter()
        return counts

    def _count(self, reason: str, count: int) -> None:
        if count:
            self._left_out[reason] += count


def _window_s(request: Any) -> float:
    if not request.HasField("buffer_window"):
        return _DEFAULT_WINDOW_S
    seconds = float(request.buffer_window.ToTimedelta().total_seconds())
    if not 0 <= seconds <= _LARGEST_WINDOW_S:
        raise bad_request(f"buffer_window must be between 0 and {_LARGEST_WINDOW_S:.0f} seconds.")
    return seconds
