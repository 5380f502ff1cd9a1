"""Whether a config that is well-formed makes sense: one file per subject, one function per rule."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

from submit.config.draft import Draft
from submit.config.rules import clusters, images, machines, ml_engine, names, regions, scheduling, study, vertex
from submit.errors import Problem

RULES: tuple[Callable[[Draft], Iterator[Problem]], ...] = (
    *ml_engine.RULES,
    *vertex.RULES,
    *machines.RULES,
    *regions.RULES,
    *scheduling.RULES,
    *study.RULES,
    *names.RULES,
    *clusters.RULES,
)


def judge(draft: Draft, today: date) -> list[Problem]:
    """Everything that the rules say about a config, errors and warnings."""
    problems = [problem for rule in RULES for problem in rule(draft)]
    return [*problems, *images.in_date(draft, today)]
