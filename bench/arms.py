"""Arms of a benchmark, measured in turns (A B A B …), so that a neighbour's load falls on all of them alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from bench.processes import BrokenError
from bench.programs import AbsentError

Sample = Mapping[str, float | None]
"""What one run took, by name: `wall_s`, `cpu_s` …; None where this machine cannot tell."""


@dataclass(frozen=True, slots=True)
class Arm:
    """`prepare` raises `AbsentError` if the program is not here, else gives the function that runs it once."""

    name: str
    prepare: Callable[[], Callable[[], Sample]]


@dataclass(frozen=True, slots=True)
class Measured:
    """Every run of an arm; without one, `missing` says why, and `broken` whether that is a failure."""

    name: str
    samples: tuple[Sample, ...] = ()
    missing: str = ""
    broken: bool = False

    def median(self, key: str) -> float | None:
        values = self._values(key)
        return median(values) if values else None

    def least(self, key: str) -> float | None:
        return min(self._values(key), default=None)

    def most(self, key: str) -> float | None:
        return max(self._values(key), default=None)

    def _values(self, key: str) -> list[float]:
        return [value for sample in self.samples if (value := sample.get(key)) is not None]


def alternate(arms: Sequence[Arm], runs: int, *, warm: bool = True) -> list[Measured]:
    """One run of each arm that does not count (unless not `warm`), then `runs` rounds of all of them."""
    once: dict[str, Callable[[], Sample]] = {}
    missing: dict[str, Measured] = {}
    for arm in arms:
        try:
            once[arm.name] = arm.prepare()
        except AbsentError as absent:
            missing[arm.name] = Measured(arm.name, missing=str(absent))
    samples: dict[str, list[Sample]] = {name: [] for name in once}
    for counts in [False] * warm + [True] * runs:
        for name in list(samples):
            try:
                sample = once[name]()
            except BrokenError as broken:
                missing[name] = Measured(name, missing=str(broken), broken=True)
                del samples[name]
                continue
            if counts:
                samples[name].append(sample)
    return [missing.get(arm.name) or Measured(arm.name, tuple(samples[arm.name])) for arm in arms]


def ratio(ours: Measured, theirs: Measured, key: str) -> float | None:
    """Our median by theirs."""
    ours_s, theirs_s = ours.median(key), theirs.median(key)
    return ours_s / theirs_s if ours_s is not None and theirs_s else None
