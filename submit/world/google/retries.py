"""When a call is worth another try, and how long to wait before it. Pure, but for chance."""

from __future__ import annotations

import os
from collections.abc import Mapping

REPEATED = (408, 429, 500, 502, 503, 504)
"""answers after which a call that does no harm twice is made again"""


def chance() -> float:
    """From a half to one, by which pauses are shortened: many clients that failed together do not come back together.

    `random` is a slow import for what is rarely needed.
    """
    return 0.5 + int.from_bytes(os.urandom(2)) / (2 << 16)


def is_worth_repeating(status: int, wait_s: float | None, *, repeatable: bool) -> bool:
    """What was put off with 429 and a time has not been done, whatever it was."""
    return (status == 429 and wait_s is not None) or (repeatable and status in REPEATED)


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds, or a date: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after"""
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    if text.isdecimal():
        return float(text)
    from datetime import UTC, datetime
    from email.utils import parsedate_to_datetime

    try:
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None
