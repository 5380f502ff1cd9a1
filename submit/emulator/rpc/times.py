"""Times in answers always have nine digits of a second.

JSON of protobuf has 0, 3, 6 or 9, whichever suffice. gcloud compares times of log entries as text, where `:38Z` comes
after `:38.100Z`, and so loses lines.
"""

from __future__ import annotations

from functools import cache
from typing import Any

_TIMESTAMP = "google.protobuf.Timestamp"


def widen_times(data: dict[str, Any], descriptor: Any) -> None:
    """Changes the times in the JSON form of a message of that type."""
    for name, inner in _messages_in(descriptor):
        value = data.get(name)
        if inner.full_name == _TIMESTAMP:
            if value is not None:
                data[name] = [widened(item) for item in value] if isinstance(value, list) else widened(value)
        elif isinstance(value, dict):
            widen_times(value, inner)
        elif isinstance(value, list):
            for item in value:
                widen_times(item, inner)


def widened(time: str) -> str:
    """`2026-11-21T05:52:38.5Z` -> `2026-11-21T05:52:38.500000000Z`."""
    seconds, _, digits = time.removesuffix("Z").partition(".")
    return f"{seconds}.{digits:0<9}Z"


@cache
def _messages_in(descriptor: Any) -> tuple[tuple[str, Any], ...]:
    """The fields of a message that may hold times: their names in JSON and their types."""
    return tuple(
        (field.json_name, field.message_type)
        for field in descriptor.fields
        if field.message_type is not None and _may_hold_times(field.message_type)
    )


def _may_hold_times(descriptor: Any) -> bool:
    """The JSON of maps, and of protobuf's own types, is not that of their fields."""
    if descriptor.full_name == _TIMESTAMP:
        return True
    return not descriptor.GetOptions().map_entry and not descriptor.full_name.startswith("google.protobuf.")
