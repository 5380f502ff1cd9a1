"""Which entries were there already: a filter that remembers as long as an entry may come again, and no longer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import Self

from submit.job import LogEntry

_PART = len("2026-11-21T12:00:00.0")
_DIGITS = 16
_NAME = re.compile(f".{{{_DIGITS}}}")


def identity(*parts: object) -> str:
    """Sixteen hexadecimal digits that are the same for the same parts only."""
    text = "\x1f".join(map(str, parts))
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

    def __init__(self, tenths: Iterable[tuple[str, str, str]] = ()) -> None:
        self._until: dict[str, str] = {}
        self._names: dict[str, str | dict[str, None]] = {}
        for tenth, until, names in tenths:
            self._until[tenth], self._names[tenth] = until, names

    @classmethod
    def parse(cls, text: str) -> Self:
        tenths = (line.split(" ") for line in text.split("\n") if line)
        return cls((tenth, until, names) for tenth, until, names in tenths)

    def __str__(self) -> str:
        """A line for each tenth: it is as quick to write and to read as it is to copy."""
        return "\n".join(" ".join(kept) for kept in self._tenths())

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
        if until > self._until.get(tenth, ""):
            self._until[tenth] = until
        return True

    def since(self, moment: str) -> Self:
        """What is to be remembered longer than that."""
        return type(self)(kept for kept in self._tenths() if kept[1] >= moment)

    def _tenths(self) -> Iterator[tuple[str, str, str]]:
        """Each with that up to which it is remembered, and the names of its entries."""
        for tenth, names in self._names.items():
            yield tenth, self._until[tenth], names if isinstance(names, str) else "".join(names)

    def __len__(self) -> int:
        return sum(len(names) // _DIGITS for _, _, names in self._tenths())


def _apart(text: str) -> dict[str, None]:
    return dict.fromkeys(_NAME.findall(text))
