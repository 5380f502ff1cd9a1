"""JSON by orjson, which takes a small part of the standard library's time, and by that for what orjson refuses: numbers
that need more than 64 bits, halves of surrogate pairs, NaN.

Of all that the emulator does, entries of logs are the one thing of which there are many.
"""

from __future__ import annotations

import json
from typing import Any

try:
    import orjson
except ImportError:  # without the extra `emulator` all is the same, but slower
    orjson = None  # type: ignore[assignment]


def dumps(value: object) -> bytes:
    if orjson is not None:
        try:
            return orjson.dumps(value)
        except TypeError:
            pass
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def loads(data: bytes) -> Any:
    """Raises `ValueError`. NaN and infinities become texts, as they are in Google's JSON; whole numbers that need more
    than 64 bits may become doubles, as any number does there."""
    if orjson is not None:
        try:
            return orjson.loads(data)
        except ValueError:
            pass
    return json.loads(data, parse_constant=str)
