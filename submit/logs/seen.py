"""Which entries were there already: a filter that remembers as long as an entry may come again, and no longer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Self

from submit.job import LogEntry

_PART = len("2026-11-21T12:00:00.0")
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
    """Identities by the tenth of a second of their entries; one is forgotten when none of its entries can come again.

    Those of a tenth are one text until one of them is looked for: a filter is written and read with each page of a
    log, and most of it is not touched meanwhile.
    """

    def __init__(self, tenths: Mapping[str, Sequence[str]] | None = None) -> None:
        self._until = {tenth: until for tenth, (until, _) in (tenths or {}).items()}
        self._names: dict[str, str | dict[str, None]] = {tenth: names for tenth, (_, names) in (tenths or {}).items()}

    def is_new(self, name: str, moment: str, until: str) -> bool:
        """Whether it was not there yet; from now on it is. Times of the normal form: the entry's own, and that up to
        which it is to be remembered."""
        tenth = moment[:_PART]
        names = self._names.get(tenth)
        if names is None or isinstance(names, str):
            names = self._names[tenth] = _apart(names or "")
        if name in names:
            return False
        names[name] = None
        self._until[tenth] = max(until, self._until.get(tenth, ""))
        return True

    def since(self, moment: str) -> Self:
        """What is to be remembered longer than that."""
        return type(self)({tenth: kept for tenth, kept in self.to_json().items() if kept[0] >= moment})

    def to_json(self) -> dict[str, list[str]]:
        return {
            tenth: [self._until[tenth], names if isinstance(names, str) else "".join(names)]
            for tenth, names in self._names.items()
        }

    def __len__(self) -> int:
        return sum(len(names) // _DIGITS for _, names in self.to_json().values())


def _apart(text: str) -> dict[str, None]:
    return dict.fromkeys(text[at : at + _DIGITS] for at in range(0, len(text), _DIGITS))
