"""Entries that become visible late, as they do when a machine's logging agent or the service lags behind.

Which ones and by how much depends on their ids and the seed alone, so that every reader sees the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from hashlib import blake2b

from submit.emulator.logs.entries import JsonEntry
from submit.emulator.logs.settings import Controls

_RANGE = float(1 << 32)


def visible(entries: Iterable[JsonEntry], controls: Controls, now: float) -> Iterator[JsonEntry]:
    """Those that have come by then, in seconds since the epoch."""
    if not controls.settings.late_share:
        yield from entries
        return
    for entry in entries:
        due, arrived = arrival(entry, controls)
        if due <= now:
            yield arrived


def arrival(entry: JsonEntry, controls: Controls) -> tuple[float, JsonEntry]:
    """When the entry is there (0: it is), and how it is then."""
    late_s = _late_s(entry, controls)
    if not late_s:
        return 0.0, entry
    due = datetime.fromisoformat(entry["receiveTimestamp"][:26].rstrip("Z")).replace(tzinfo=UTC).timestamp() + late_s
    received = datetime.fromtimestamp(due, UTC).isoformat(timespec="microseconds").replace("+00:00", "000Z")
    return due, {**entry, "receiveTimestamp": received}


def _late_s(entry: JsonEntry, controls: Controls) -> float:
    """Only what was written since the settings were made can be late: what was seen does not vanish."""
    settings = controls.settings
    if not settings.late_share or entry["receiveTimestamp"] < controls.since:
        return 0.0
    digest = blake2b(f"{settings.seed} {entry['insertId']}".encode(), digest_size=8).digest()
    chance, part = int.from_bytes(digest[:4], "big") / _RANGE, int.from_bytes(digest[4:], "big") / _RANGE
    return part * settings.late_by_s if chance < settings.late_share else 0.0
