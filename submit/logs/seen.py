"""Which entries were there already: a filter that remembers as long as an entry may come again, and no longer."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from typing import Self

from submit.job import LogEntry


def identity(*parts: object) -> str:
    """Sixteen hexadecimal digits that are the same for the same parts only."""
    text = "\x1f".join(str(part) for part in parts)
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def of(entry: LogEntry) -> str:
    """An entry that has no id is known by all that it says."""
    said = entry.insert_id or f"{entry.severity}{entry.message}{dict(entry.fields)}"
    return identity(entry.timestamp, entry.replica, entry.trial, said)


class Seen:
    """Identities with the time until which each can come again, as times of the normal form."""

    def __init__(self, known: Iterable[tuple[str, str]] = ()) -> None:
        self._known = dict(known)

    def is_new(self, name: str, moment: str) -> bool:
        """Whether it was not there yet; from now on it is."""
        if name in self._known:
            return False
        self._known[name] = moment
        return True

    def since(self, moment: str) -> Self:
        """What is still of interest."""
        return type(self)((name, at) for name, at in self._known.items() if at >= moment)

    def items(self) -> Iterable[tuple[str, str]]:
        return self._known.items()

    def __len__(self) -> int:
        return len(self._known)
