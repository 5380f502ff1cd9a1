"""Which entries were there already: a filter that remembers as long as an entry may come again, and no longer."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Self

from submit.job import LogEntry

_SECOND = len("2026-11-21T12:00:00")
_DIGITS = 16


def identity(*parts: object) -> str:
    """Sixteen hexadecimal digits that are the same for the same parts only."""
    text = "\x1f".join(str(part) for part in parts)
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_DIGITS // 2).hexdigest()


def of(entry: LogEntry) -> str:
    """An entry that has no id is known by all that it says."""
    said = entry.insert_id or f"{entry.severity}{entry.message}{dict(entry.fields)}"
    return identity(entry.timestamp, entry.replica, entry.trial, said)


class Seen:
    """Identities by the second from which on an entry is not expected again.

    Those of a second are one text until one of them is looked for: a filter is written and read with each page of a
    log, and most of it is not touched meanwhile.
    """

    def __init__(self, seconds: Mapping[str, str] | None = None) -> None:
        self._seconds: dict[str, str | set[str]] = dict(seconds or {})

    def is_new(self, name: str, moment: str) -> bool:
        """Whether it was not there yet; from now on it is. `moment` is a time of the normal form, the entry's own."""
        names = self._names(moment[:_SECOND])
        if name in names:
            return False
        names.add(name)
        return True

    def since(self, moment: str) -> Self:
        """What is still of interest."""
        kept = {second: text for second, text in self.to_json().items() if second >= moment[:_SECOND]}
        return type(self)(kept)

    def to_json(self) -> dict[str, str]:
        return {
            second: names if isinstance(names, str) else "".join(sorted(names))
            for second, names in self._seconds.items()
        }

    def __len__(self) -> int:
        return sum(len(text) // _DIGITS for text in self.to_json().values())

    def _names(self, second: str) -> set[str]:
        names = self._seconds.get(second, "")
        if isinstance(names, str):
            names = {names[at : at + _DIGITS] for at in range(0, len(names), _DIGITS)}
            self._seconds[second] = names
        return names
