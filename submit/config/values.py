"""Typed reading of values that a schema check has let through; a missing key is None or empty."""

from __future__ import annotations

from typing import cast

from submit.job import JsonObject


def text(values: JsonObject, key: str) -> str | None:
    return cast("str | None", values.get(key))


def number(values: JsonObject, key: str) -> int | None:
    return cast("int | None", values.get(key))


def real(values: JsonObject, key: str) -> float | None:
    return cast("float | None", values.get(key))


def flag(values: JsonObject, key: str) -> bool | None:
    return cast("bool | None", values.get(key))


def texts(values: JsonObject, key: str) -> tuple[str, ...] | None:
    found = cast("list[str] | None", values.get(key))
    return None if found is None else tuple(found)


def part(values: JsonObject, key: str) -> JsonObject:
    return cast("JsonObject", values.get(key, {}))


def parts(values: JsonObject, key: str) -> list[JsonObject]:
    return cast("list[JsonObject]", values.get(key, []))


def mapping(values: JsonObject, key: str) -> dict[str, str]:
    return cast("dict[str, str]", values.get(key, {}))


def rest(values: JsonObject, known: frozenset[str]) -> JsonObject:
    """The keys that have no meaning of their own here."""
    return {key: value for key, value in values.items() if key not in known}
