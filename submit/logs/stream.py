"""Sources that are followed together: where to ask each of them on, and what is to be shown when.

A place is a text that can be kept. It continues right behind what was shown, without a gap or a repeat, also if that
was in the midst of what a source had given.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Self

from submit.logs.merge import Merge
from submit.status import LogCursor, LogEntry, LogPage

CROWDED = 20_000
"""A source of which so many entries are held is not asked for more."""


class Place:
    """Behind the cursor, but for the entries `shown`, which were shown before others that stand in front of them.

    `met` are those of them that have come again.
    """

    def __init__(self, cursor: LogCursor = "", shown: Iterable[str] = ()) -> None:
        self.cursor = cursor
        self.shown, self.met = set(shown), set[str]()

    @classmethod
    def parse(cls, text: str) -> Self:
        if not text:
            return cls()
        cursor, *shown = json.loads(text)
        return cls(cursor, shown)

    def __str__(self) -> str:
        return json.dumps([str(self.cursor), *sorted(self.shown)])

    def fresh(self, entries: Sequence[LogEntry]) -> Sequence[LogEntry]:
        """Those that were not shown before the place was kept."""
        if not self.shown:
            return entries
        names = _names(entries)
        met = self.shown.intersection(names)
        self.shown -= met
        self.met |= met
        return [entry for entry, name in zip(entries, names, strict=True) if name not in met]


class Stream:
    """`places` has the place of each source, empty for the beginning. Times are as in `Merge`."""

    def __init__(self, places: Mapping[str, str]) -> None:
        self._places = {source: Place.parse(text) for source, text in places.items()}
        self._merge = Merge(places)
        self._open = set(places)

    def cursor(self, source: str) -> LogCursor:
        """Where to ask this source on."""
        return self._places[source].cursor

    def add(self, source: str, page: LogPage, now: float) -> None:
        place = self._places[source]
        if not self._merge.held(source):
            place.met.clear()
        entries = place.fresh(page.entries)
        if len(self._places) > 1:
            entries = [entry._replace(job=source) for entry in entries]
        self._merge.add(source, entries, now, hold_s=page.hold_s, more=page.more, before=place.cursor)
        place.cursor = page.cursor
        if page.ended:
            self._merge.end(source)
            self._open.discard(source)

    def ready(self, now: float) -> list[LogEntry]:
        return self._merge.ready(now)

    def due(self) -> float | None:
        """When something that is held will be ready."""
        return self._merge.due()

    def wanted(self) -> set[str]:
        """The sources that are to be asked for more."""
        return {source for source in self._open if not self._is_crowded(source)}

    def _is_crowded(self, source: str) -> bool:
        return sum(len(batch.entries) - batch.released for batch in self._merge.held(source)) >= CROWDED

    @property
    def is_behind(self) -> bool:
        """Whether a source has more that is older than now."""
        return self._merge.is_behind

    @property
    def ended(self) -> bool:
        """All sources have ended and everything is out."""
        return not self._open and self._merge.due() is None

    def place(self, source: str) -> str:
        """Behind what has been shown of the source."""
        held = self._merge.held(source)
        if not held:
            return str(self._places[source])
        place = self._places[source]
        shown = _names(entry for batch in held for entry in batch.entries[: batch.released])
        return str(Place(held[0].before, place.shown.union(place.met, shown)))


def _names(entries: Iterable[LogEntry]) -> list[str]:
    from submit.logs import seen  # OpenSSL comes with it, and only places in the midst of something need it

    return [seen.of(entry) for entry in entries]
