"""Entries that wait, so that late ones still come in order."""

from __future__ import annotations

import heapq
import time
from itertools import count

from submit.emulator.logs.entries import JsonEntry
from submit.emulator.logs.merging import Key, key

_AT_ONCE = 500


class Buffer:
    """Keeps entries for the window."""

    def __init__(self, window_s: float) -> None:
        self._window_s = window_s
        self._entries: list[tuple[Key, int, float, JsonEntry]] = []
        self._count = count()

    def add(self, entry: JsonEntry) -> None:
        heapq.heappush(self._entries, (key(entry), next(self._count), time.monotonic(), entry))

    def ready(self) -> list[JsonEntry]:
        """The oldest entries, up to one that has to wait for others."""
        due = time.monotonic() - self._window_s
        ready: list[JsonEntry] = []
        while self._entries and self._entries[0][2] <= due and len(ready) < _AT_ONCE:
            ready.append(heapq.heappop(self._entries)[3])
        return ready

    def drop_down_to(self, size: int) -> int:
        """Drops the oldest; returns how many."""
        dropped = max(0, len(self._entries) - size)
        for _ in range(dropped):
            heapq.heappop(self._entries)
        return dropped
