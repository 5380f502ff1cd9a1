"""Entries that become visible late, as they do when a machine's logging agent or the service lags behind.

Which ones and by how much depends on their ids and the seed alone, so that every reader sees the same. It is settled
when an entry is written: whatever is asked for later, also after a restart, it keeps the time at which it came.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from submit.emulator.logs.entries import JsonEntry

_RANGE = float(1 << 32)


class Rule(NamedTuple):
    """For entries that are written from the time `since` on: the part `share` is late, by up to `by_s` seconds."""

    since: str
    share: float
    by_s: float
    seed: int

    def late_s(self, insert_id: str) -> float:
        digest = blake2b(f"{self.seed} {insert_id}".encode(), digest_size=8).digest()
        chance, part = int.from_bytes(digest[:4], "big") / _RANGE, int.from_bytes(digest[4:], "big") / _RANGE
        return part * self.by_s if chance < self.share else 0.0


class Lateness:
    """All rules that there were, the newest last; they are kept in a file."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._rules = [Rule(*rule) for rule in json.loads(file.read_text())] if file.exists() else []

    @property
    def is_known(self) -> bool:
        """Whether any entry may be late."""
        return bool(self._rules)

    def add(self, share: float, by_s: float, seed: int) -> None:
        """Holds from now on."""
        before = self._rules[-1] if self._rules else Rule("", 0.0, by_s, seed)
        if before[1:] == (share, by_s, seed) or not (share or before.share):
            return
        now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        self._rules.append(Rule(now, share, by_s, seed))
        unfinished = self._file.with_suffix(".part")
        unfinished.write_text(json.dumps(self._rules))
        unfinished.replace(self._file)

    def clear(self) -> None:
        self._rules = []
        self._file.unlink(missing_ok=True)

    def arrival(self, entry: JsonEntry) -> tuple[float, JsonEntry]:
        """When the entry is there, in seconds since the epoch (0: it is), and how it is then."""
        late_s = self._late_s(entry)
        if not late_s:
            return 0.0, entry
        written = datetime.fromisoformat(entry["receiveTimestamp"][:26].rstrip("Z")).replace(tzinfo=UTC)
        due = written.timestamp() + late_s
        received = datetime.fromtimestamp(due, UTC).isoformat(timespec="microseconds").replace("+00:00", "000Z")
        return due, {**entry, "receiveTimestamp": received}

    def visible(self, entries: Iterable[JsonEntry], now: float) -> Iterator[JsonEntry]:
        """Those that have come by then."""
        if not self._rules:
            yield from entries
            return
        for entry in entries:
            due, arrived = self.arrival(entry)
            if due <= now:
                yield arrived

    def _late_s(self, entry: JsonEntry) -> float:
        for rule in reversed(self._rules):
            if rule.since <= entry["receiveTimestamp"]:
                return rule.late_s(entry["insertId"])
        return 0.0
