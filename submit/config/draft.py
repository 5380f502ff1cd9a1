"""A config together with what its checks need: where everything that the rules look at was written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from submit.config.dialect import VERTEX, VERTEX_TUNING
from submit.config.paths import Marks, path_shown
from submit.config.shown import literals_shown
from submit.errors import Problem
from submit.job import Config, Machine, Pool


class MachinePaths(NamedTuple):
    """The canonical paths of a machine's values; for a machine out of a scale tier all are the tier's."""

    machine: str
    accelerator_type: str
    accelerator_count: str
    topology: str


class PoolPaths(NamedTuple):
    """The canonical paths of a pool's values; `pool` is the whole of it."""

    pool: str
    machine: MachinePaths
    replicas: str
    image: str


class Draft(NamedTuple):
    """`paths` are those of the pools, in their order, `job` is what stands before every path of a Vertex AI job spec,
    `parameters` and `parallel` are the paths of the hyperparameters and of the number of parallel trials,
    `tier` is ML Engine's scale tier, and `problems` is what has been found already."""

    config: Config
    marks: Marks
    paths: tuple[PoolPaths, ...]
    job: str = ""
    parameters: str = ""
    parallel: str = ""
    tier: str = ""
    problems: tuple[Problem, ...] = ()

    @property
    def vertex(self) -> bool:
        """Whether the config is written as Vertex AI reads it."""
        return self.config.dialect in (VERTEX, VERTEX_TUNING)

    @property
    def custom_tier(self) -> bool:
        return self.tier == "CUSTOM"

    def pools(self) -> Iterator[tuple[Pool, PoolPaths]]:
        return zip(self.config.pools, self.paths, strict=True)

    def machines(self) -> Iterator[tuple[Machine, MachinePaths]]:
        for pool, paths in self.pools():
            yield pool.machine, paths.machine

    def broken(self, path: str) -> bool:
        """Whether an error has been found in a value or below it, so that nothing can be said about its meaning."""
        written = self.marks.find(path).written
        return any(p.severity == "error" and _is_below(p.path, written) for p in self.problems)

    def error(self, path: str, message: str, hint: str = "") -> Problem:
        mark = self.marks.find(path)
        return Problem(message=literals_shown(message), place=mark.place, path=path_shown(mark.written), hint=hint)

    def warning(self, path: str, message: str, hint: str = "") -> Problem:
        return replace(self.error(path, message, hint), severity="warning")


def _is_below(path: str, ancestor: str) -> bool:
    return path == ancestor or path.startswith((f"{ancestor}.", f"{ancestor}["))
