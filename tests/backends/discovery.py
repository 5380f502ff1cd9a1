"""Judges JSON against the messages of a discovery document, as Google's own client ships it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import googleapiclient

DOCUMENTS = Path(googleapiclient.__file__).parent / "discovery_cache" / "documents"
_TYPES: dict[str, tuple[type, ...]] = {"string": (str,), "boolean": (bool,), "integer": (int,), "number": (int, float)}


def schemas(api: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((DOCUMENTS / f"{api}.json").read_text())["schemas"]
    return found


def flaws(value: Any, kind: dict[str, Any], known: dict[str, Any], path: str = "") -> Iterator[str]:
    """Each field that the message does not have, or has in another form."""
    if "$ref" in kind:
        kind = known[kind["$ref"]]
    if kind["type"] == "object" and isinstance(value, dict):
        fields, others = kind.get("properties", {}), kind.get("additionalProperties")
        for key, item in value.items():
            if key not in fields and others is None:
                yield f"{path}.{key}: there is no such field"
            else:
                yield from flaws(item, fields.get(key, others), known, f"{path}.{key}")
    elif kind["type"] == "array" and isinstance(value, list):
        for index, item in enumerate(value):
            yield from flaws(item, kind["items"], known, f"{path}[{index}]")
    elif not _is_scalar(value, kind):
        yield f"{path}: {value!r} is no {kind['type']}"


def _is_scalar(value: Any, kind: dict[str, Any]) -> bool:
    python = _TYPES.get(kind["type"], ())
    if not isinstance(value, python) or (isinstance(value, bool) and bool not in python):
        return False
    return value in kind.get("enum", [value])
