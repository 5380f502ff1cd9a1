"""Severities: their order, and how loud an entry really is.

Vertex AI files all that a trainer writes to its standard error under ERROR: progress bars and the start of an epoch as
well. https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry#LogSeverity
"""

from __future__ import annotations

import re

from submit.status import LogEntry

SEVERITIES = ("DEFAULT", "DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL", "ALERT", "EMERGENCY")
STDERR = "stderr"
"""Shown for ERROR where it says no more than where a line was written to."""

RANKS = {name: rank for rank, name in enumerate(SEVERITIES)}

_ALARMS = re.compile(
    r"error|exception|traceback|fatal|fail|critical|panic|abort|killed|refused|denied|out of memory|cannot"
    r"|non-zero|\bE\d{4} ",
    re.IGNORECASE,
)
_LEVEL = re.compile(r"[\[(]?(?:(DEBUG|INFO|NOTICE|WARN)(?:ING)?\b|([IW])\d{4} \d\d:)")
_LEVELS = {"WARN": "WARNING", "I": "INFO", "W": "WARNING"}


def shown(entry: LogEntry) -> str:
    """The severity that a person is shown; the entry's own, but for what is no error."""
    if entry.severity != "ERROR" or entry.replica == "service" or entry.fields:
        return entry.severity
    if stated := _LEVEL.match(entry.message):
        word = stated[1] or stated[2]
        return _LEVELS.get(word, word)
    return entry.severity if _ALARMS.search(entry.message) else STDERR
