"""A point of time by which it is judged how long ago something was sent."""

from __future__ import annotations

from typing import NamedTuple


class Moment(NamedTuple):
    """The wall clock, which people and programs set, and the machine's own, which starts with each boot; in seconds."""

    wall: float
    boot: float

    def since(self, before: Moment) -> float:
        """Seconds that have passed for certain, however the clocks have jumped; 0 if neither can tell."""
        return max(0.0, min((passed for passed in self._passed(before) if passed >= 0), default=0.0))

    def _passed(self, before: Moment) -> tuple[float, float]:
        return self.wall - before.wall, self.boot - before.boot
