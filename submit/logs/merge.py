"""Entries of several sources in the order of their times, with a bounded wait for stragglers.

Everything is released exactly once. What comes so late that something newer has been released already is released at
once, marked as late.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter

from submit.status import LogCursor, LogEntry

PATIENCE_S = 10.0
"""How long entries wait for a source that has older ones and does not give them."""

_timestamp = itemgetter(0)


class Batch:
    """What a source gave at once, in order, behind the cursor `before`; the first `released` entries are out."""

    __slots__ = ("arrived", "before", "due", "entries", "released")

    def __init__(self, entries: Sequence[LogEntry], arrived: float, due: float, before: LogCursor) -> None:
        self.entries = sorted(entries, key=_timestamp)  # stable: equal times stay as the source has them
        self.arrived, self.due = arrived, due
        self.released = 0
        self.before = before

    def release(self, up_to: str) -> list[LogEntry]:
        """Everything to that time that is not out yet."""
        end = bisect_right(self.entries, up_to, key=_timestamp)
        part, self.released = self.entries[self.released : end], max(end, self.released)
        return part

    @property
    def is_empty(self) -> bool:
        return self.released == len(self.entries)

    @property
    def last(self) -> str:
        return self.entries[-1].timestamp


class Merge:
    """Times (`now`) are seconds of any clock that only goes forward.

    A source that said `more` has the entries that follow its last ones, so newer ones of other sources wait for it.
    """

    def __init__(self, sources: Iterable[str]) -> None:
        self._batches: dict[str, deque[Batch]] = {source: deque() for source in sources}
        self._behind: dict[str, str] = dict.fromkeys(self._batches, "")
        self._newest = ""

    def add(
        self,
        source: str,
        entries: Sequence[LogEntry],
        now: float,
        *,
        hold_s: float = 0.0,
        more: bool,
        before: LogCursor = "",
    ) -> None:
        """`hold_s`: for so long the source may give entries that are older than these."""
        if entries:
            self._batches[source].append(Batch(entries, now, now + hold_s, before))
        if not more:
            self._behind.pop(source, None)
        elif entries:
            self._behind[source] = self._batches[source][-1].last

    def end(self, source: str) -> None:
        """Nothing follows: its entries wait for nobody else of this source."""
        self._behind.pop(source, None)
        for batch in self._batches[source]:
            batch.due = float("-inf")

    def ready(self, now: float) -> list[LogEntry]:
        """What is to be shown now; the late ones come first."""
        up_to = max(self._due_up_to(now), self._newest)
        parts = [batch.release(up_to) for batch in self._all()]
        for batches in self._batches.values():
            while batches and batches[0].is_empty:
                batches.popleft()
        entries = parts[0] if len(parts) == 1 else sorted((entry for part in parts for entry in part), key=_timestamp)
        return self._marked(entries)

    def due(self) -> float | None:
        """When something that is held becomes ready at the latest; None if nothing is held."""
        held = [batch for batch in self._all() if not batch.is_empty]
        if self._behind:
            return min((batch.arrived + PATIENCE_S for batch in held), default=None)
        return min((batch.due for batch in held), default=None)

    @property
    def is_behind(self) -> bool:
        """Whether there is a source that has not given all that it has."""
        return bool(self._behind)

    def held(self, source: str) -> Sequence[Batch]:
        """The oldest first; all that came after it, released or not."""
        return self._batches[source]

    def _due_up_to(self, now: float) -> str:
        """Whatever is older than an entry that is due goes out before it."""
        horizon = min(self._behind.values(), default=None)
        due = max((batch.last for batch in self._all() if batch.due <= now), default="")
        if horizon is None or due <= horizon:
            return due
        overdue = max((batch.last for batch in self._all() if batch.arrived + PATIENCE_S <= now), default="")
        return max(horizon, overdue)

    def _all(self) -> Iterator[Batch]:
        for batches in self._batches.values():
            yield from batches

    def _marked(self, entries: list[LogEntry]) -> list[LogEntry]:
        late = bisect_left(entries, self._newest, key=_timestamp)
        if entries:
            self._newest = max(self._newest, entries[-1].timestamp)
        return [*(entry._replace(late=True) for entry in entries[:late]), *entries[late:]] if late else entries
