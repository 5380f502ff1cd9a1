"""A LogEntry's fields as filters name them, and how their values are read and ordered.

https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from submit.emulator.logs.tokens import FilterError

SEVERITIES = {
    "DEFAULT": 0,
    "DEBUG": 100,
    "INFO": 200,
    "NOTICE": 300,
    "WARNING": 400,
    "ERROR": 500,
    "CRITICAL": 600,
    "ALERT": 700,
    "EMERGENCY": 800,
}

_FIELDS = (
    *("logName", "resource", "timestamp", "receiveTimestamp", "severity", "insertId", "httpRequest", "labels"),
    *("metadata", "operation", "trace", "spanId", "traceSampled", "sourceLocation", "split", "textPayload"),
    *("jsonPayload", "protoPayload", "errorGroups", "apphub", "apphubDestination", "otel"),
)
_BY_NAME = {name.replace("_", "").lower(): name for name in _FIELDS} | {"log": "logName"}
_FREE = ("labels", "jsonPayload", "protoPayload")
"""Below these the names are the user's."""

_TIMES = ("timestamp", "receiveTimestamp")
_WIDE = len("2026-11-20T01:02:03.123456789Z")
_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,9})\d*)?)?([Zz]|[+-]\d\d:?\d\d)?", re.ASCII
)


def field_path(segments: tuple[str, ...]) -> tuple[str, ...]:
    """`("json_payload", "a")` -> `("jsonPayload", "a")`. Raises `FilterError` if there is no such field."""
    first = _BY_NAME.get(segments[0].replace("_", "").lower()) if segments else None
    if first is None:
        raise FilterError(f"Field not found: '{'.'.join(segments)}'.")
    if first in _FREE or len(segments) == 1:
        return (first, *segments[1:])
    if segments[:2] == ("resource", "label"):
        return ("resource", "labels", *segments[2:])
    return (first, *(_camel(segment) for segment in segments[1:2]), *segments[2:])


def is_time(path: tuple[str, ...]) -> bool:
    return len(path) == 1 and path[0] in _TIMES


def time_text(value: str) -> str:
    """An RFC 3339 time, or a day, in UTC with nine digits of a second, so that texts sort as times do."""
    if len(value) == _WIDE and value[19] == "." and value[-1] == "Z" and value[20:29].isdecimal():
        return value  # as our own entries have it
    match = _TIME.fullmatch(value)
    if match is None:
        raise FilterError(f"Invalid timestamp: '{value}'.")
    day, clock, fraction, zone = match.groups()
    try:
        moment = datetime.fromisoformat(f"{day}T{clock or '00:00:00'}{(zone or 'Z').upper()}").astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise FilterError(f"Invalid timestamp: '{value}'.") from error
    seconds = moment.replace(tzinfo=None).isoformat(timespec="seconds")
    return f"{seconds}.{(fraction or '').ljust(9, '0')}Z"


def severity_number(value: str) -> int:
    if value.upper() in SEVERITIES:
        return SEVERITIES[value.upper()]
    if re.fullmatch(r"\d{1,4}", value, re.ASCII):
        return int(value)
    raise FilterError(f"Invalid severity: '{value}'.")


def _camel(name: str) -> str:
    return re.sub(r"_([a-z])", lambda match: match[1].upper(), name)
