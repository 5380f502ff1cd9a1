"""Which entries were there already: a filter that remembers as long as an entry may come again, and no longer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    """Identities by the second of their entries; a second is forgotten when none of its entries can come again.

    Those of a second are one text until one of them is looked for: a filter is written and read with each page of a
    log, and most of it is not touched meanwhile.
    """

    def __init__(self, seconds: Mapping[str, Sequence[str]] | None = None) -> None:
        self._until = {second: until for second, (until, _) in (seconds or {}).items()}
        self._names: dict[str, str | set[str]] = {second: names for second, (_, names) in (seconds or {}).items()}

    def is_new(self, name: str, moment: str, until: str) -> bool:
        """Whether it was not there yet; from now on it is. Times of the normal form: the entry's own, and that up to
        which it is to be remembered."""
        second = moment[:_SECOND]
        names = self._of(second)
        if name in names:
            return False
        names.add(name)
        self._until[second] = max(until, self._until.get(second, ""))
        return True

    def since(self, moment: str) -> Self:
        """What is to be remembered longer than that."""
        return type(self)({second: kept for second, kept in self.to_json().items() if kept[0] >= moment})

    def to_json(self) -> dict[str, list[str]]:
        return {
            second: [self._until[second], names if isinstance(names, str) else "".join(sorted(names))]
            for second, names in self._names.items()
        }

    def __len__(self) -> int:
        return sum(len(names) // _DIGITS for _, names in self.to_json().values())

    def _of(self, second: str) -> set[str]:
        names = self._names.get(second, "")
        if isinstance(names, str):
            names = {names[at : at + _DIGITS] for at in range(0, len(names), _DIGITS)}
            self._names[second] = names
        return names
