"""Where a key stands: its path as the user wrote it, its canonical path, and its place in the file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from submit.errors import Place


class Path(NamedTuple):
    """`written` keeps the user's spelling (`worker_pool_specs[0]`), `canonical` is the schema's."""

    written: str = ""
    canonical: str = ""

    def key(self, written: str, canonical: str | None = None) -> Path:
        return Path(_join(self.written, written), _join(self.canonical, canonical or written))

    def item(self, index: int) -> Path:
        return Path(f"{self.written}[{index}]", f"{self.canonical}[{index}]")


class Mark(NamedTuple):
    """How the user spelt a path, and where it stands."""

    written: str
    place: Place


class Marks:
    """All keys and items of a config, by canonical path; those with a wrong value are among them."""

    def __init__(self, marks: Mapping[str, Mark], file: Place) -> None:
        self.marks, self.file = marks, file

    def __contains__(self, canonical: str) -> bool:
        return canonical in self.marks

    def find(self, canonical: str) -> Mark:
        """The mark of a path or of the nearest thing around it that stands in the file."""
        path = canonical
        while path and path not in self.marks:
            path = parent(path)
        if not path:
            return Mark(canonical, self.file)
        mark = self.marks[path]
        return Mark(mark.written + canonical[len(path) :], mark.place)


def parent(path: str) -> str:
    """`a.b[0]` → `a.b` → `a` → ``."""
    return path[: max(path.rfind("."), path.rfind("["), 0)]


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def path_shown(path: str) -> str:
    """A path for a message; only free keys, of labels and variables, can be long."""
    return path if len(path) <= MAX_PATH else f"{path[: MAX_PATH - 3]}..."


MAX_PATH = 160
