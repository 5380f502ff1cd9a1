"""The log file of one job as entries in order, from any time on, without reading what stands before.

The service keeps entries by time, the engine keeps lines as they come. Both are the same here: a line that is older
than the one before, which another replica wrote, gets that one's time. So nothing ever appears behind a reader.
"""

from __future__ import annotations

import json
import threading
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from submit.emulator.logs.around import Origin
from submit.emulator.logs.entries import JsonEntry, entries
from submit.emulator.logs.merging import EARLIEST, LATEST, Run
from submit.emulator.rpc.quick_json import loads
from submit.engine.journal import is_whole, read_lines

_BLOCK_BYTES = 1 << 15
_STEP_BYTES = 1 << 17


class _Block(NamedTuple):
    """Whole lines; `floor` is the time of the line before them, `last` that of the last one."""

    begin: int
    end: int
    floor: str
    last: str


class Place(NamedTuple):
    """Between two lines of the file; `floor` is the time of the one before."""

    position: int
    floor: str


START = Place(0, "")


class JobLog:
    """Keeps only the times and places of blocks of the file."""

    def __init__(self, path: Path, origin: Origin) -> None:
        self._path, self.origin = path, origin
        self._blocks: list[_Block] = []
        self._first = ""
        self._rests_in = self._read_in = ""
        self._lock = threading.Lock()

    def rest(self, state: str) -> None:
        """The job is in this state, as long as which nothing is written: one look at the file is enough. "": none."""
        self._rests_in = state

    def between(self, first: str, last: str, *, newest_first: bool = False) -> Run:
        """At least the entries of that period, in order, of what is there now. Costs one look at the file if nothing
        was added; entries are read when they are asked for."""
        blocks = self._refreshed()
        begin = bisect_left(blocks, first, key=lambda block: block.last)
        chosen = [block for block in blocks[begin:] if block.floor <= last]
        if not chosen:
            return Run(LATEST if newest_first else EARLIEST, iter(()))
        if newest_first:
            return Run(chosen[-1].last, self._backwards(chosen))
        return Run(max(self._first, chosen[0].floor), (entry for block in chosen for entry in self._entries(block)))

    def behind(self, place: Place) -> tuple[list[JsonEntry], Place]:
        """The next entries behind a place, and the place behind them. Costs one look at the file if there is none."""
        if is_whole(self._path, place.position):
            return [], place
        data = read_lines(self._path, place.position, _STEP_BYTES)
        found: list[JsonEntry] = []
        time = place.floor
        for position, time, line in _lines(data, place.position, place.floor):
            found += entries(line, time, position, self.origin)
        return found, Place(place.position + len(data), time)

    def end(self) -> Place:
        blocks = self._refreshed()
        return Place(blocks[-1].end, blocks[-1].last) if blocks else START

    def _refreshed(self) -> list[_Block]:
        with self._lock:
            state = self._rests_in
            if not state or state != self._read_in:
                self._read_on()
                self._read_in = state
            return list(self._blocks)

    def _read_on(self) -> None:
        """Reads what was appended; blocks stay few, also if somebody looks after each line."""
        while not (self._blocks and is_whole(self._path, self._blocks[-1].end)):
            previous = self._blocks[-1] if self._blocks else _Block(0, 0, "", "")
            data = read_lines(self._path, previous.end, _BLOCK_BYTES)
            if not data:
                return
            end, last = previous.end + len(data), previous.last
            for _, last, _ in _lines(data, previous.end, previous.last):
                self._first = self._first or last
            if self._blocks and end - previous.begin <= _BLOCK_BYTES:
                self._blocks[-1] = previous._replace(end=end, last=last)
            else:
                self._blocks.append(_Block(previous.end, end, previous.last, last))

    def _backwards(self, blocks: Sequence[_Block]) -> Iterator[JsonEntry]:
        for block in reversed(blocks):
            yield from reversed(list(self._entries(block)))

    def _entries(self, block: _Block) -> Iterator[JsonEntry]:
        data = read_lines(self._path, block.begin, block.end - block.begin)
        for position, time, line in _lines(data, block.begin, block.floor):
            yield from entries(line, time, position, self.origin)


def _lines(data: bytes, position: int, floor: str) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """Position, time and content of each line; what a killed writer has torn is left out."""
    texts = data.split(b"\n")[:-1]
    for text, line in zip(texts, _read_all(texts), strict=True):
        if line is not None:
            time = line["time"]
            if time > floor:
                floor = time
            yield position, floor, line
        position += len(text) + 1


def _read_all(texts: Sequence[bytes]) -> Sequence[Any]:
    """None for what is no entry. All at once, as one array, if nothing is wrong with any of them."""
    array = b"[%b]" % b",".join(texts)
    if b"\\ud" not in array:
        try:
            lines: list[Any] = loads(array)
        except ValueError:
            lines = []
        if len(lines) == len(texts) and all(type(line) is dict and type(line.get("time")) is str for line in lines):
            return lines
    return [_read(text) for text in texts]


def _read(text: bytes) -> Any:
    whole = text.decode(errors="replace").encode()
    try:
        line = loads(whole)
        if b"\\ud" in whole:  # half of a surrogate pair is no character, and no message can hold it
            line = json.loads(json.dumps(line, ensure_ascii=False).encode("utf-8", "replace"))
        return line if type(line["time"]) is str else None
    except (ValueError, KeyError, TypeError):
        return None
