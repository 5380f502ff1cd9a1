"""The fields of a structured entry as a person reads them: `loss=0.5 step=10`."""

from __future__ import annotations

import json
from collections.abc import Mapping

from submit.status import Json

_SAID = frozenset(("message", "severity", "levelname", "level", "time", "timestamp", "textPayload"))
"""What the entry shows anyway."""


def with_fields(message: str, fields: Mapping[str, Json]) -> str:
    """The message, unless it is the fields' own JSON, and what else the entry says."""
    shown = " ".join(f"{name}={_value(value)}" for name, value in fields.items() if name not in _SAID)
    if message[:1] == "{" and message[-1:] == "}" and "message" not in fields:
        return shown or message
    return f"{message}  {shown}" if shown and message else message or shown


def _value(value: Json) -> str:
    if isinstance(value, str) and value and not set(value).intersection(' "=\n\t\r'):
        return value
    return json.dumps(value, ensure_ascii=False)
