"""The catalogue's files: CSV with two comment lines on top that say where the facts come from and of when they are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

_FOLDER = Path(__file__).parent / "data"


def text(name: str) -> str:
    """The whole file `data/<name>.csv`."""
    return (_FOLDER / f"{name}.csv").read_text(encoding="utf-8")


def rows(name: str) -> Iterator[list[str]]:
    """The rows of `data/<name>.csv` below its column names."""
    lines = (line for line in text(name).splitlines() if not line.startswith("#"))
    next(lines)
    return (line.split(",") for line in lines)


def as_of(name: str) -> str:
    """When the facts in `data/<name>.csv` were true, as `2026-11` or `2026-07-30`."""
    return text(name).partition("# as of: ")[2].partition("\n")[0]
