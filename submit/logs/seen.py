"""Which entries were there already: a filter that remembers as long as an entry may come again, and no longer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from itertools import islice
from typing import Self, TypeAlias

from submit.status import LogEntry

_PART = len("2026-11-21T12:00:00.0")
_DIGITS = 16
_NAME = re.compile(f".{{{_DIGITS}}}")

_Names: TypeAlias = dict[str, int]
"""Each with the number of those that came before it."""


def identity(*parts: str) -> str:
    """Sixteen hexadecimal digits that are the same for the same parts only."""
    return blake2b("\x1f".join(parts).encode("utf-8", "surrogatepass"), digest_size=_DIGITS // 2).hexdigest()


def of(entry: LogEntry) -> str:
    """An entry that has no id is known by all that it says."""
    said = entry.insert_id or f"{entry.severity}{entry.message}{dict(entry.fields)}"
    return identity(entry.timestamp, entry.replica, str(entry.trial), said)


class Seen:
    """Identities by the tenth of a second of their entries; one is forgotten when none of its entries can come again.

    Filters that are copies of each other have all names in common, and each of them knows how many are its own: a
    filter is copied with each page of a log.
    """

    def __init__(self, tenths: Iterable[tuple[str, str, _Names, int]] = ()) -> None:
        self._until: dict[str, str] = {}
        self._names: dict[str, _Names] = {}
        self._counts: dict[str, int] = {}
        for tenth, until, names, count in tenths:
            self._until[tenth], self._names[tenth], self._counts[tenth] = until, names, count

    @classmethod
    def parse(cls, text: str) -> Self:
        tenths = (line.split(" ") for line in text.split("\n") if line)
        return cls((tenth, until, _apart(names), len(names) // _DIGITS) for tenth, until, names in tenths)

    def __str__(self) -> str:
        """A line for each tenth."""
        return "\n".join(
            f"{tenth} {until} {''.join(islice(names, count))}" for tenth, until, names, count in self._tenths()
        )

    def is_new(self, name: str, moment: str, until: str) -> bool:
        """Whether it was not there yet; from now on it is. Times of the normal form: the entry's own, and that up to
        which it is to be remembered."""
        tenth = moment[:_PART]
        names = self._names.get(tenth)
        if names is None:
            names = self._names[tenth] = {}
            self._counts[tenth] = 0
        count = self._counts[tenth]
        if names.get(name, count) < count:
            return False
        if len(names) > count:  # a copy has added others
            names = self._names[tenth] = dict(islice(names.items(), count))
        names[name] = count
        self._counts[tenth] = count + 1
        if until > self._until.get(tenth, ""):
            self._until[tenth] = until
        return True

    def copy(self) -> Self:
        """The same, which knows nothing of what is added to this one from now on, nor the other way round."""
        other = type(self)()
        other._until, other._names, other._counts = dict(self._until), dict(self._names), dict(self._counts)
        return other

    def since(self, moment: str) -> Self:
        """What is to be remembered longer than that."""
        return type(self)(kept for kept in self._tenths() if kept[1] >= moment)

    def _tenths(self) -> Iterator[tuple[str, str, _Names, int]]:
        """Each with that up to which it is remembered, and the names of its entries, of which so many are ours."""
        for tenth, names in self._names.items():
            yield tenth, self._until[tenth], names, self._counts[tenth]

    def __len__(self) -> int:
        return sum(self._counts.values())


def _apart(text: str) -> _Names:
    return {name: number for number, name in enumerate(_NAME.findall(text))}
