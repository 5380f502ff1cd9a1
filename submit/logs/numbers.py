"""Numbers in log entries: `loss=0.5`, `loss: 0.5`, fields of JSON lines; with the step that they were measured at."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from submit.status import Json, LogEntry

STEPS = ("step", "global_step", "iteration", "iter", "batch", "epoch")
"""Names that say when something was measured, the finest first; a number of steps in this order is the x axis."""

_DIGITS = r"\d+(?:_\d+)*"
_NUMBER = rf"[-+]?(?:{_DIGITS}\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?|(?i:nan|inf(?:inity)?)\b)"
_PAIR = re.compile(rf"(?<![\w.=/?&-])([A-Za-z_][\w./@-]*)(?:\s?=\s?|:\s+)({_NUMBER})(?=%|[\s,;:)\]}}/]|\.?$|\.\s| ?-)")
_PLACE = re.compile(r"\b(step|epoch|iteration|iter|batch)s?[ #]+(\d+)\b", re.IGNORECASE)
_AROUND = frozenset(("time", "timestamp", "message", "severity", "levelname", "level", "pid", "lineno"))
_DEPTH = 3


class Measured(NamedTuple):
    """Of one entry. `step` is None where it says none."""

    entry: LogEntry
    step: float | None
    values: Mapping[str, float]


def measured(entries: Iterable[LogEntry]) -> Iterator[Measured]:
    """Entries of replicas that have numbers, apart from those that only say a step."""
    for entry in entries:
        if entry.replica == "service":
            continue
        found = numbers(entry)
        step = next((found[name] for name in STEPS if name in found), None)
        values = {name: value for name, value in found.items() if name not in STEPS}
        if values:
            yield Measured(entry, step, values)


def numbers(entry: LogEntry) -> dict[str, float]:
    """By their names; those of fields win over those of the message."""
    found: dict[str, float] = {}
    if any(character in entry.message for character in "=:"):
        found = {name: float(text) for name, text in _PAIR.findall(entry.message)}
        for name, text in _PLACE.findall(entry.message):
            found.setdefault(name.lower(), float(text))
    return found | dict(_of_fields(entry.fields, "", _DEPTH))


def _of_fields(fields: Mapping[str, Json], prefix: str, depth: int) -> Iterator[tuple[str, float]]:
    for name, value in fields.items():
        if name in _AROUND or isinstance(value, bool):
            continue
        if isinstance(value, int | float):
            try:
                yield f"{prefix}{name}", float(value)
            except OverflowError:
                yield f"{prefix}{name}", math.inf if value > 0 else -math.inf
        elif isinstance(value, dict) and depth:
            yield from _of_fields(value, f"{prefix}{name}.", depth - 1)


@dataclass(slots=True)
class Series:
    """One metric of one replica; x are steps, or the numbers of its values where there is a value without a step."""

    steps: list[float | None] = field(default_factory=list)
    values: list[float] = field(default_factory=list)

    def add(self, step: float | None, value: float) -> None:
        self.steps.append(step)
        self.values.append(value)

    @property
    def has_steps(self) -> bool:
        return None not in self.steps

    def points(self) -> list[tuple[float, float]]:
        """Without what cannot be drawn."""
        places = [float(n) if step is None or not self.has_steps else step for n, step in enumerate(self.steps)]
        return [(x, y) for x, y in zip(places, self.values, strict=True) if math.isfinite(x) and math.isfinite(y)]


Key = tuple[str, str, str]
"""Metric, replica, trial."""


def series(found: Iterable[Measured]) -> dict[Key, Series]:
    """In the order in which they appear."""
    all_of_them: dict[Key, Series] = {}
    for entry, step, values in found:
        for name, value in values.items():
            key = (name, entry.replica, entry.trial or "")
            all_of_them.setdefault(key, Series()).add(step, value)
    return all_of_them
