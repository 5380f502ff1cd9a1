"""What a benchmark found, as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.arms import Measured, ratio


@dataclass(frozen=True, slots=True)
class Limit:
    """`value` should not be above `bound`; None: could not be measured."""

    text: str
    value: float | None
    bound: float

    def __str__(self) -> str:
        if self.value is None:
            return f"{self.text}: not measured"
        return f"{self.text}: {self.value:.3f}  {'met' if self.value <= self.bound else 'MISSED'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The first column of `rows` is the arm's name; a row with one cell more is a remark instead of figures."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    limits: Sequence[Limit] = ()
    notes: Sequence[str] = ()
    broken: Sequence[Measured] = ()

    def __str__(self) -> str:
        lines = [self.title, *_align(["", *self.columns], self.rows), *(f"  limit  {limit}" for limit in self.limits)]
        lines += [f"  note   {note}" for note in self.notes]
        lines += [f"  broken {arm.name}: {arm.missing}" for arm in self.broken]
        return "\n".join(lines)


def timings(title: str, arms: Sequence[Measured], limits: Sequence[Limit], notes: Sequence[str] = ()) -> Report:
    """Seconds and CPU seconds of each arm, and what part of it the first arm takes."""
    return Report(
        title=title,
        columns=("median", "least", "CPU", f"{arms[0].name} ÷ it"),
        rows=[_timing(arm, arms[0]) for arm in arms],
        limits=limits,
        notes=notes,
        broken=[arm for arm in arms if arm.broken],
    )


def missing(arm: Measured) -> Sequence[str]:
    return (arm.name, "failed, see below" if arm.broken else f"left out: {arm.missing}")


def milliseconds(value_s: float | None) -> str:
    return "–" if value_s is None else f"{value_s * 1e3:.1f} ms"


def times(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _timing(arm: Measured, ours: Measured) -> Sequence[str]:
    if not arm.samples:
        return missing(arm)
    figures = (arm.median("wall_s"), arm.least("wall_s"), arm.median("cpu_s"))
    share = "" if arm is ours else times(ratio(ours, arm, "wall_s"))
    return (arm.name, *map(milliseconds, figures), share)


def _align(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    full = [row for row in (head, *rows) if len(row) == len(head)]
    first = max(len(row[0]) for row in (head, *rows))
    widths = [max(len(row[i]) for row in full) for i in range(1, len(head))]

    def line(row: Sequence[str]) -> str:
        if len(row) < len(head):
            return f"  {row[0]:<{first}}  {' '.join(row[1:])}"
        return f"  {row[0]:<{first}}  " + "  ".join(f"{cell:>{w}}" for cell, w in zip(row[1:], widths, strict=True))

    return [line(row).rstrip() for row in (head, *rows)]
