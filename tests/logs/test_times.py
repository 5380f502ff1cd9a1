"""Times of entries, as services and programs write them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from submit.logs import times


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("2026-11-21T03:33:37Z", "2026-11-21T03:33:37.000000000Z"),
        ("2026-11-21T03:33:37.5Z", "2026-11-21T03:33:37.500000000Z"),
        ("2026-11-21T03:33:37.123456789Z", "2026-11-21T03:33:37.123456789Z"),
        ("2026-11-21T03:33:37.1234567891Z", "2026-11-21T03:33:37.123456789Z"),
        ("2026-11-21T04:33:37,25+01:00", "2026-11-21T03:33:37.250000000Z"),
        ("2026-11-21 03:33:37", "2026-11-21T03:33:37.000000000Z"),
        ("2026-02-31T03:33:37Z", times.EPOCH),
        ("0001-01-01T00:00:00+23:00", times.EPOCH),
        ("yesterday", times.EPOCH),
        ("", times.EPOCH),
        (42, times.EPOCH),
        (None, times.EPOCH),
    ],
)
def test_all_forms_become_one(written: object, normal: str) -> None:
    assert times.normal(written) == normal


@settings(deadline=None)
@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_texts_sort_as_the_times_do(one: datetime, other: datetime) -> None:
    assert (times.of(one) < times.of(other)) == (one < other)


@settings(deadline=None)
@given(st.datetimes(min_value=datetime(1970, 1, 2), timezones=st.just(UTC)), st.floats(0, 86_400))  # noqa: DTZ001
def test_earlier_is_that_much_earlier(moment: datetime, seconds: float) -> None:
    timestamp = times.of(moment)
    assert times.seconds_between(times.earlier(timestamp, seconds), timestamp) == pytest.approx(seconds, abs=1e-5)


def test_nothing_is_earlier_than_the_epoch() -> None:
    assert times.earlier(times.EPOCH, 60) == times.EPOCH
