"""Entries that wait, so that late ones still come in order."""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import count, takewhile
from typing import NamedTuple

from submit.emulator.logs.entries import JsonEntry
from submit.emulator.logs.merging import Key, key

_AT_ONCE = 500


class _Waiting(NamedTuple):
    """In the order in which they go on; `number` makes it one."""

    key: Key
    number: int
    since: float
    entry: JsonEntry


class Buffer:
    """Keeps entries for the window."""

    def __init__(self, window_s: float) -> None:
        self._window_s = window_s
        self._waiting: list[_Waiting] = []
        self._count = count()

    def add(self, entries: Sequence[JsonEntry]) -> None:
        now = time.monotonic()
        self._waiting += [_Waiting(key(entry), next(self._count), now, entry) for entry in entries]
        self._waiting.sort()  # which takes no longer than to look at them where they are in order, as nearly always

    def ready(self) -> list[JsonEntry]:
        """The oldest entries, up to one that has to wait for others."""
        due = time.monotonic() - self._window_s
        ready = [
            entry for _, _, since, entry in takewhile(lambda waiting: waiting.since <= due, self._waiting[:_AT_ONCE])
        ]
        del self._waiting[: len(ready)]
        return ready

    def drop_down_to(self, size: int) -> int:
        """Drops the oldest; returns how many."""
        dropped = max(0, len(self._waiting) - size)
        del self._waiting[:dropped]
        return dropped
