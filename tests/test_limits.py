from __future__ import annotations

import pytest

from submit.errors import UsageError
from submit.job import Goal, Metric, Scheduling, Study
from submit.limits import within_cost

TWENTY = Scheduling(max_cost_usd=20.0)


def test_without_a_limit_nothing_changes() -> None:
    assert within_cost(Scheduling(), None, None, fallbacks=True) == Scheduling()


def test_a_cost_is_the_time_that_it_pays_for() -> None:
    assert within_cost(TWENTY, 4.0, None, fallbacks=False).timeout_s == 5 * 3600


def test_a_shorter_time_out_of_the_users_stays() -> None:
    assert within_cost(Scheduling(max_cost_usd=20.0, timeout_s=60), 4.0, None, fallbacks=False).timeout_s == 60
    assert within_cost(Scheduling(max_cost_usd=1.0, timeout_s=9000), 4.0, None, fallbacks=False).timeout_s == 900


def test_each_round_of_a_study_has_its_part() -> None:
    study = Study(metrics=(Metric(name="loss", goal=Goal.MINIMIZE),), parameters=(), max_trials=10, parallel_trials=4)
    assert within_cost(TWENTY, 4.0, study, fallbacks=False).timeout_s == 6000  # 3 rounds


@pytest.mark.parametrize(
    ("hourly", "fallbacks", "words"),
    [
        (None, False, "has no list price"),
        (4.0, True, "a limit of costs and fallbacks do not go together"),
        (2000.0, False, r"\$20.00 pay for 36 s of machines at \$2000.00 an hour"),
    ],
)
def test_a_limit_that_cannot_be_kept_is_refused(hourly: float | None, fallbacks: bool, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        within_cost(TWENTY, hourly, None, fallbacks=fallbacks)
