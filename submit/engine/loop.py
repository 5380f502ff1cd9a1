"""A small event loop over descriptors and timers: a supervisor sleeps in the kernel until something happens."""

from __future__ import annotations

import heapq
import itertools
import selectors
import time
from collections.abc import Callable

Action = Callable[[], None]


class Timer:
    """An action to be taken once; `cancel` makes it nothing."""

    def __init__(self, action: Action) -> None:
        self.action: Action | None = action

    def cancel(self) -> None:
        self.action = None


class Loop:
    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._timers: list[tuple[float, int, Timer]] = []
        self._numbers = itertools.count()

    def watch(self, descriptor: int, readable: Action) -> None:
        self._selector.register(descriptor, selectors.EVENT_READ, readable)

    def forget(self, descriptor: int) -> None:
        self._selector.unregister(descriptor)

    def later(self, delay_s: float, action: Action) -> Timer:
        timer = Timer(action)
        heapq.heappush(self._timers, (time.monotonic() + delay_s, next(self._numbers), timer))
        return timer

    def run(self, finished: Callable[[], bool], before_waiting: Action) -> None:
        """Takes actions as they fall due until `finished`; `before_waiting` is called whenever none is due."""
        while not finished():
            before_waiting()
            for key, _ in self._selector.select(self._wait_s()):
                key.data()
            self._take_due()

    def close(self) -> None:
        self._selector.close()

    def _wait_s(self) -> float | None:
        while self._timers and self._timers[0][2].action is None:
            heapq.heappop(self._timers)
        return max(0.0, self._timers[0][0] - time.monotonic()) if self._timers else None

    def _take_due(self) -> None:
        while self._timers and self._timers[0][0] <= time.monotonic():
            timer = heapq.heappop(self._timers)[2]
            if timer.action is not None:
                timer.action()
