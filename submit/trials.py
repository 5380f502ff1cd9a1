"""Which hyperparameters to try next, and what the trials' metrics say. Pure.

There is no Bayesian optimiser here: without an algorithm it is searched at random, as with RANDOM_SEARCH. A study's
suggestions follow from its seed and the trial's number alone: a run can be repeated, and all points be chosen at once.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from submit.study import Parameter, Study

DEFAULT_TAG = "training/hptuning/metric"
"""The tag that `cloudml-hypertune` writes when the trainer gives none."""

EARLY_FAILURES = 3
"""With `max_failed_trials` 0, so many failures before any success end the job: the next trial would fail as well."""


class Trial(NamedTuple):
    """`parameters` as the trainer's command line gets them; `metrics` by name; states are Vertex AI's."""

    id: str
    state: str
    parameters: dict[str, str]
    metrics: dict[str, float]
    message: str = ""


def suggest(study: Study, number: int, seed: str) -> dict[str, str] | None:
    """The parameters of the trial with that number (from 1), or None when the grid is exhausted."""
    if study.algorithm == "GRID_SEARCH":
        return _grid_point(study.parameters, number - 1)
    from random import Random  # 5 ms that only studies need

    random = Random(f"{seed}/{number}")  # noqa: S311 - a search, not a secret
    return {parameter.name: _at(parameter, random.random()) for parameter in study.parameters}


def points(study: Study, seed: str) -> Iterator[dict[str, str]]:
    """The parameters of all trials."""
    for number in range(1, study.max_trials + 1):
        point = suggest(study, number, seed)
        if point is None:
            return
        yield point


def measured(numbers: Mapping[str, float], study: Study) -> dict[str, float]:
    """The study's metrics among the numbers that a trainer has reported last, by their names."""
    unnamed = {study.metric: numbers[DEFAULT_TAG]} if DEFAULT_TAG in numbers else {}
    found = {**unnamed, **numbers}
    return {name: found[name] for name in study.metrics if name in found}


def unmeasured(study: Study) -> str:
    """Why a trial that ended well is as good as failed: it cannot be compared."""
    return f"The trainer reported no value of `{study.metric}`."


def best_first(trials: Sequence[Trial], study: Study) -> list[Trial]:
    """Successful trials by the study's first metric, then all others in the order of their numbers."""
    sign = -1 if study.goal == "MAXIMIZE" else 1

    def rank(trial: Trial) -> tuple[float, int]:
        result = trial.metrics.get(study.metric) if trial.state == "SUCCEEDED" else None
        return math.inf if result is None else sign * result, int(trial.id)

    return sorted(trials, key=rank)


def too_many_failures(trials: Sequence[Trial], study: Study) -> bool:
    """Whether so many trials have failed that the study is to end."""
    failed = sum(trial.state == "INFEASIBLE" for trial in trials)
    if study.max_failed_trials:
        return failed >= study.max_failed_trials
    return failed >= EARLY_FAILURES and not any(trial.state == "SUCCEEDED" for trial in trials)


def _grid_point(parameters: Sequence[Parameter], number: int) -> dict[str, str] | None:
    axes = [_axis(parameter) for parameter in parameters]
    point = next(itertools.islice(itertools.product(*axes), number, None), None)
    return None if point is None else dict(zip((parameter.name for parameter in parameters), point, strict=True))


def _axis(parameter: Parameter) -> list[str]:
    if parameter.kind == "INTEGER":
        return [str(n) for n in range(_integer(parameter.minimum), _integer(parameter.maximum) + 1)]
    return [_text(value) for value in parameter.values]


def _at(parameter: Parameter, position: float) -> str:
    """The value at `position` (0 to below 1) on the parameter's scale."""
    if parameter.kind in ("CATEGORICAL", "DISCRETE"):
        return _text(parameter.values[int(position * len(parameter.values))])
    low, high = parameter.minimum or 0.0, parameter.maximum or 0.0
    if parameter.kind == "INTEGER":
        # Each integer gets an equal share of a linear scale: half a step more on both ends.
        first, last = _integer(low), _integer(high)
        value = _scaled(parameter.scale, first - 0.5, last + 0.5, position)
        return str(min(last, max(first, round(value))))
    return repr(_scaled(parameter.scale, low, high, position))


def _scaled(scale: str, low: float, high: float, position: float) -> float:
    match scale:
        case "UNIT_LOG_SCALE":
            return math.exp(_between(math.log(low), math.log(high), position))
        case "UNIT_REVERSE_LOG_SCALE":  # dense near the maximum
            return low + high - math.exp(_between(math.log(high), math.log(low), position))
        case _:
            return _between(low, high, position)


def _between(low: float, high: float, position: float) -> float:
    return low + (high - low) * position


def _integer(value: float | None) -> int:
    return int(value or 0)


def _text(value: object) -> str:
    """Whole numbers without a point: a trainer's `type=int` takes 16, not 16.0."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
