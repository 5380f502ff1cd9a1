"""Which entries were there already: a filter that remembers as long as an entry may come again, and no longer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import Self, TypeAlias

from submit.job import LogEntry

_PART = len("2026-11-21T12:00:00.0")
_DIGITS = 16
_NAME = re.compile(f".{{{_DIGITS}}}")

_Names: TypeAlias = "str | dict[str, None]"


def identity(*parts: str) -> str:
    """Sixteen hexadecimal digits that are the same for the same parts only."""
    return blake2b("\x1f".join(parts).encode("utf-8", "surrogatepass"), digest_size=_DIGITS // 2).hexdigest()


def of(entry: LogEntry) -> str:
    """An entry that has no id is known by all that it says."""
    said = entry.insert_id or f"{entry.severity}{entry.message}{dict(entry.fields)}"
    return identity(entry.timestamp, entry.replica, str(entry.trial), said)


class Seen:
    """Identities by the tenth of a second of their entries; one is forgotten when none of its entries can come again.

    Those of a tenth are one text until one of them is looked for, and filters that were copied have them in common
    until one of them gets more: a filter is copied with each page of a log, and most of it is not touched meanwhile.
    """

    def __init__(self, tenths: Iterable[tuple[str, str, _Names]] = ()) -> None:
        self._until: dict[str, str] = {}
        self._names: dict[str, _Names] = {}
        self._own: set[str] = set()
        for tenth, until, names in tenths:
            self._until[tenth], self._names[tenth] = until, names

    @classmethod
    def parse(cls, text: str) -> Self:
        tenths = (line.split(" ") for line in text.split("\n") if line)
        return cls((tenth, until, names) for tenth, until, names in tenths)

    def __str__(self) -> str:
        """A line for each tenth: it is as quick to write and to read as it is to copy."""
        return "\n".join(f"{tenth} {until} {_together(names)}" for tenth, until, names in self._tenths())

    def is_new(self, name: str, moment: str, until: str) -> bool:
        """Whether it was not there yet; from now on it is. Times of the normal form: the entry's own, and that up to
        which it is to be remembered."""
        tenth = moment[:_PART]
        names = self._names.get(tenth)
        if not isinstance(names, dict):
            names = self._names[tenth] = _apart(names or "")
            self._own.add(tenth)
        if name in names:
            return False
        if tenth not in self._own:
            names = self._names[tenth] = dict(names)
            self._own.add(tenth)
        names[name] = None
        if until > self._until.get(tenth, ""):
            self._until[tenth] = until
        return True

    def copy(self) -> Self:
        """The same, which knows nothing of what is added to this one from now on, nor the other way round."""
        other = type(self)()
        other._until, other._names = dict(self._until), dict(self._names)
        self._own.clear()
        return other

    def since(self, moment: str) -> Self:
        """What is to be remembered longer than that."""
        self._own.clear()
        return type(self)(kept for kept in self._tenths() if kept[1] >= moment)

    def _tenths(self) -> Iterator[tuple[str, str, _Names]]:
        """Each with that up to which it is remembered, and the names of its entries."""
        for tenth, names in self._names.items():
            yield tenth, self._until[tenth], names

    def __len__(self) -> int:
        return sum(len(_together(names)) // _DIGITS for _, _, names in self._tenths())


def _together(names: _Names) -> str:
    return names if isinstance(names, str) else "".join(names)


def _apart(text: str) -> dict[str, None]:
    return dict.fromkeys(_NAME.findall(text))
