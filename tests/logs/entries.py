"""Entries for tests."""

from __future__ import annotations

from submit.job import LogEntry


def at(seconds: float, name: str = "", *, replica: str = "workerpool0-0", nanoseconds: int = 0) -> LogEntry:
    """An entry that many seconds (0 to 3599) after noon."""
    whole, fraction = divmod(round(seconds * 1000), 1000)
    time = f"2026-11-21T12:{whole // 60:02}:{whole % 60:02}.{fraction:03}{nanoseconds:06}Z"
    return LogEntry(time, "INFO", replica, name or f"at {seconds}", name)
