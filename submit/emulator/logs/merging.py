"""The entries of many logs in one order. Of a thousand logs only those are read whose turn has come."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from typing import NamedTuple, TypeAlias

from submit.emulator.logs.entries import JsonEntry
from submit.emulator.logs.fields import time_text

Key: TypeAlias = tuple[str, str, str]

EARLIEST, LATEST = "", "~"
_BEHIND_ALL = "\U0010ffff"


class Run(NamedTuple):
    """Entries in order, and a time: no entry comes before it (newest first: after it)."""

    edge: str
    entries: Iterator[JsonEntry]


def key(entry: JsonEntry) -> Key:
    """Entries are in this order; it is one entry's alone."""
    return time_text(entry["timestamp"]), entry["insertId"], entry["logName"]


def merged(runs: Iterable[Run], *, newest_first: bool) -> Iterator[JsonEntry]:
    marked = (_marked(run, newest_first=newest_first) for run in runs)
    ordered = heapq.merge(*marked, key=lambda pair: pair[0], reverse=newest_first)
    return (entry for _, entry in ordered if entry is not None)


def _marked(run: Run, *, newest_first: bool) -> Iterator[tuple[tuple[str, ...], JsonEntry | None]]:
    """A mark comes out of the merge before anything of the run is read."""
    yield (run.edge, _BEHIND_ALL) if newest_first else (run.edge,), None
    for entry in run.entries:
        yield key(entry), entry
