"""JSON merge patch, which is what PATCH means here: https://www.rfc-editor.org/rfc/rfc7396."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def merge(target: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """A key with null is removed, an object is merged, anything else replaces."""
    merged = dict(target)
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, Mapping):
            old = merged.get(key)
            merged[key] = merge(old if isinstance(old, Mapping) else {}, value)
        else:
            merged[key] = value
    return merged
