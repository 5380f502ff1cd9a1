"""Times of log entries as texts of one form, so that they sort as the times do and keep their nanoseconds."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

EPOCH = "1970-01-01T00:00:00.000000000Z"

_NORMAL = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z", re.ASCII)
_RFC_3339 = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:[.,](\d+))?([Zz]|[+-]\d\d:?\d\d)?", re.ASCII)


def normal(text: object) -> str:
    """`2026-11-21T04:33:37+01:00` → `2026-11-21T03:33:37.000000000Z`; `EPOCH` for what is no time.

    Google's JSON has 0, 3, 6 or 9 digits of a second, other programs any number, or another zone than UTC.
    """
    if not isinstance(text, str):
        return EPOCH
    if _NORMAL.fullmatch(text):
        return text
    found = _RFC_3339.fullmatch(text.strip())
    if found is None:
        return EPOCH
    day, clock, fraction, zone = found.groups()
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}{(zone or 'Z').upper()}").astimezone(UTC)
    except (ValueError, OverflowError):  # the 31st of February; a zone that leads out of the calendar
        return EPOCH
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{(fraction or '')[:9]:0<9}Z".rjust(len(EPOCH), "0")


def of(moment: datetime) -> str:
    return normal(moment.isoformat())


@lru_cache(maxsize=64)
def earlier(timestamp: str, seconds: float) -> str:
    """That many seconds before a time of the normal form."""
    try:
        moment = datetime.fromisoformat(timestamp[:26]).replace(tzinfo=UTC) - timedelta(seconds=seconds)
    except OverflowError:
        return EPOCH
    return max(EPOCH, of(moment))


def seconds_between(earlier: str, later: str) -> float:
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()
