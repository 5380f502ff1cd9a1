"""Fields of a JSON line that mean something to Cloud Logging's agent, and become fields of the entry itself.

https://cloud.google.com/logging/docs/agent/logging/configuration#special-fields
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_PREFIX = "logging.googleapis.com/"
_TEXTS = {"trace": "trace", "spanId": "spanId"}
_OBJECTS: Mapping[str, Mapping[str, type | tuple[type, ...]]] = {
    "sourceLocation": {"file": str, "line": (int, str), "function": str},
    "operation": {"id": str, "producer": str, "first": bool, "last": bool},
}


def specials(fields: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The fields that remain, and what belongs to the entry; what has not the shape that it should have remains.

    Not `insertId`: ours say where a line stands, and a reader that goes on from one relies on it.
    """
    if not any(name.startswith(_PREFIX) for name in fields):
        return dict(fields), {}
    rest: dict[str, Any] = {}
    lifted: dict[str, Any] = {}
    for name, value in fields.items():
        found = _special(name.removeprefix(_PREFIX), value) if name.startswith(_PREFIX) else {}
        lifted |= found
        if not found:
            rest[name] = value
    return rest, lifted


def _special(name: str, value: Any) -> dict[str, Any]:
    if name in _TEXTS and isinstance(value, str):
        return {_TEXTS[name]: value}
    if name == "trace_sampled" and isinstance(value, bool):
        return {"traceSampled": value}
    if name == "labels" and isinstance(value, dict):
        return {"labels": {key: text if isinstance(text, str) else str(text) for key, text in value.items()}}
    if name in _OBJECTS and _has_shape(value, _OBJECTS[name]):
        return {name: {key: str(item) if key == "line" else item for key, item in value.items()}}
    return {}


def _has_shape(value: Any, kinds: Mapping[str, type | tuple[type, ...]]) -> bool:
    """A line is a whole number, as text or not."""
    return (
        isinstance(value, dict)
        and all(key in kinds and isinstance(item, kinds[key]) for key, item in value.items())
        and str(value.get("line", 0)).isdecimal()
    )
