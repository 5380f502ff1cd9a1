from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from submit.world.google import retries


@pytest.mark.parametrize(("text", "seconds"), [("", None), ("7", 7.0), ("soon", None), ("-1", None)])
def test_the_time_after_which_to_come_back(text: str, seconds: float | None) -> None:
    assert retries.retry_after_s({"retry-after": text}) == seconds


def test_a_date_after_which_to_come_back() -> None:
    later = datetime.now(UTC) + timedelta(seconds=60)
    assert retries.retry_after_s({"retry-after": format_datetime(later, usegmt=True)}) == pytest.approx(60, abs=30)
    assert retries.retry_after_s({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}) == 0.0


@pytest.mark.parametrize(
    ("status", "wait_s", "repeatable", "again"),
    [
        (503, None, True, True),
        (503, 1.0, False, False),  # it may have been done
        (429, None, False, False),
        (429, 1.0, False, True),
        (400, 1.0, True, False),
        (404, None, True, False),
    ],
)
def test_what_is_tried_again(status: int, wait_s: float | None, repeatable: bool, again: bool) -> None:
    assert retries.is_worth_repeating(status, wait_s, repeatable=repeatable) is again


def test_pauses_are_shortened_by_chance() -> None:
    found = [retries.chance() for _ in range(1000)]
    assert 0.5 <= min(found) < 0.6
    assert 0.9 < max(found) <= 1.0
