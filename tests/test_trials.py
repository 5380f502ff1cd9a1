from __future__ import annotations

from typing import Any

import pytest

from submit.study import Parameter, Study
from submit.trials import Trial, best_first, measured, points, suggest, too_many_failures


def parameter(
    name: str, kind: str, *values: Any, low: float | None = None, high: float | None = None, scale: str = "NONE"
) -> Parameter:
    return Parameter(name, kind, low, high, list(values), scale)


def study(*parameters: Parameter, algorithm: str | None = None, failures: int = 0, goal: str = "MAXIMIZE") -> Study:
    return Study(["accuracy"], goal, list(parameters), 10, 1, failures, algorithm)


def drawn(one: Parameter, count: int = 2000) -> list[str]:
    points = [suggest(study(one), number, "seed") for number in range(1, count + 1)]
    return [point[one.name] for point in points if point]


def test_a_grid_visits_every_point_once_and_then_ends() -> None:
    grid = study(
        parameter("n", "INTEGER", low=1, high=2),
        parameter("act", "CATEGORICAL", "relu", "tanh"),
        parameter("size", "DISCRETE", 16.0, 0.5),
        algorithm="GRID_SEARCH",
    )
    points = [suggest(grid, number, "seed") for number in range(1, 10)]
    assert points[0] == {"n": "1", "act": "relu", "size": "16"}
    assert points[7] == {"n": "2", "act": "tanh", "size": "0.5"}
    assert points[8] is None
    assert len({tuple(point.items()) for point in points if point}) == 8


def test_a_suggestion_follows_from_the_seed_and_the_number() -> None:
    one = study(parameter("lr", "DOUBLE", low=0.0, high=1.0))
    assert suggest(one, 3, "a") == suggest(one, 3, "a")
    assert suggest(one, 3, "a") != suggest(one, 4, "a") != suggest(one, 4, "b")


@pytest.mark.parametrize(
    ("scale", "median"),
    [("UNIT_LINEAR_SCALE", 0.5), ("UNIT_LOG_SCALE", 0.01), ("UNIT_REVERSE_LOG_SCALE", 0.9901)],
)
def test_half_of_the_values_lie_below_the_middle_of_the_scale(scale: str, median: float) -> None:
    values = [float(v) for v in drawn(parameter("lr", "DOUBLE", low=1e-4, high=1.0, scale=scale))]
    assert all(1e-4 <= value <= 1.0 for value in values)
    assert 0.46 < sum(value < median for value in values) / len(values) < 0.54


def test_all_integers_of_a_range_are_equally_likely() -> None:
    values = drawn(parameter("n", "INTEGER", low=-1, high=2))
    assert set(values) == {"-1", "0", "1", "2"}
    assert all(0.21 < values.count(value) / len(values) < 0.29 for value in set(values))


def test_integers_on_a_logarithmic_scale_stay_in_their_range() -> None:
    values = {int(value) for value in drawn(parameter("n", "INTEGER", low=1, high=1000, scale="UNIT_LOG_SCALE"))}
    assert min(values) == 1
    assert max(values) <= 1000


def test_all_points_can_be_chosen_at_once() -> None:
    one = study(parameter("lr", "DOUBLE", low=0.0, high=1.0))
    assert list(points(one, "a")) == [suggest(one, number, "a") for number in range(1, 11)]
    grid = study(parameter("n", "INTEGER", low=1, high=3), algorithm="GRID_SEARCH")
    assert list(points(grid, "a")) == [{"n": "1"}, {"n": "2"}, {"n": "3"}]


def test_of_what_was_reported_the_metrics_of_the_study_count() -> None:
    assert measured({"accuracy": 0.75, "trial": 1.0}, study()) == {"accuracy": 0.75}
    assert measured({"loss": 0.75}, study()) == {}


def test_a_metric_without_a_name_is_the_studys() -> None:
    assert measured({"training/hptuning/metric": 0.25}, study()) == {"accuracy": 0.25}
    assert measured({"training/hptuning/metric": 0.25, "accuracy": 0.5}, study()) == {"accuracy": 0.5}


def trial(number: int, accuracy: float | None) -> Trial:
    state = "INFEASIBLE" if accuracy is None else "SUCCEEDED"
    return Trial(str(number), state, {}, {} if accuracy is None else {"accuracy": accuracy})


@pytest.mark.parametrize(("goal", "order"), [("MAXIMIZE", ["3", "1", "2", "10"]), ("MINIMIZE", ["1", "3", "2", "10"])])
def test_the_best_trial_comes_first_and_those_without_a_result_last(goal: str, order: list[str]) -> None:
    trials = [trial(10, None), trial(1, 0.5), trial(2, None), trial(3, 0.9)]
    assert [one.id for one in best_first(trials, study(goal=goal))] == order


def test_what_a_failed_trial_has_reported_does_not_make_it_the_best() -> None:
    failed = trial(3, 0.9)._replace(state="INFEASIBLE")
    assert [one.id for one in best_first([failed, trial(1, 0.5)], study())] == ["1", "3"]


@pytest.mark.parametrize(
    ("limit", "results", "ended"),
    [
        (2, [None, 0.5], False),
        (2, [None, 0.5, None], True),
        (0, [None, None], False),
        (0, [None, None, None], True),
        (0, [0.5, None, None, None], False),
    ],
)
def test_when_failures_end_a_study(limit: int, results: list[float | None], ended: bool) -> None:
    trials = [trial(number, result) for number, result in enumerate(results, 1)]
    assert too_many_failures(trials, study(failures=limit)) is ended
