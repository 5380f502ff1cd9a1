"""The four preconditions of every request: https://cloud.google.com/storage/docs/request-preconditions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from submit.emulator.storage.errors import StorageError, invalid

KEYS = ("ifGenerationMatch", "ifGenerationNotMatch", "ifMetagenerationMatch", "ifMetagenerationNotMatch")


def check(
    query: Mapping[str, str], found: Mapping[str, Any] | None, *, source: bool = False, reading: bool = False
) -> None:
    """Raises StorageError 412, or 304 when a read asks for what has changed; `found` is None if there is no object."""
    for key in KEYS:
        wanted = query.get(key.replace("if", "ifSource", 1) if source else key)
        if wanted is None:
            continue
        equal = _number(key, wanted) == _current(key, found)
        if key.endswith("NotMatch") and equal:
            raise StorageError(304 if reading else 412, _MESSAGE)
        if not key.endswith("NotMatch") and not equal:
            raise StorageError(412, _MESSAGE)


_MESSAGE = "At least one of the pre-conditions you specified did not hold."


def _number(key: str, text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise invalid(f"Invalid value for {key}: {text[:40]!r}") from error


def _current(key: str, found: Mapping[str, Any] | None) -> int | None:
    """An object that is not there has generation 0, and no metageneration."""
    if "Metageneration" in key:
        return int(found["metageneration"]) if found else None
    return int(found["generation"]) if found else 0
