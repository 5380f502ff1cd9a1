"""A config together with what its checks need: where everything that the rules look at was written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from submit.config.paths import Marks
from submit.errors import Problem
from submit.job import Config, Pool


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolPaths:
    """The canonical paths of a pool's values; for a machine out of a scale tier all are `trainingInput.scaleTier`."""

    machine: str
    accelerator_type: str
    accelerator_count: str
    topology: str
    replicas: str
    image: str
    env: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """`paths` are those of the pools, in their order; `region` and the rest those of single values."""

    config: Config
    marks: Marks
    paths: tuple[PoolPaths, ...]
    problems: list[Problem] = field(default_factory=list)
    region: str = ""
    labels: str = ""

    def pools(self) -> Iterator[tuple[Pool, PoolPaths]]:
        return zip(self.config.pools, self.paths, strict=True)

    def error(self, path: str, message: str, hint: str = "") -> Problem:
        mark = self.marks.find(path)
        return Problem(message=message, place=mark.place, path=mark.written, hint=hint)

    def warning(self, path: str, message: str, hint: str = "") -> Problem:
        mark = self.marks.find(path)
        return Problem(message=message, place=mark.place, path=mark.written, hint=hint, severity="warning")
