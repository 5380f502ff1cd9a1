"""Our nouns as JSON and back: frozen dataclasses, enums, dates, tuples and mappings, as their annotations say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from functools import cache
from types import UnionType
from typing import Any, Union, cast, get_args, get_origin, get_type_hints

from submit.job import Json

_KIND = "$type"


def encode(value: Any) -> Json:
    """Fields that have their default values are left out; `$type` is a dataclass's name."""
    if is_dataclass(value):
        return {_KIND: type(value).__name__} | {
            field.name: encode(given)
            for field in fields(value)
            if (given := getattr(value, field.name)) != field.default and given != {}
        }
    if isinstance(value, Mapping):
        return {str(key): encode(each) for key, each in value.items()}
    if isinstance(value, tuple | list | frozenset):
        return [encode(each) for each in value]
    if isinstance(value, Enum):
        return cast(Json, value.value)
    return value.isoformat() if isinstance(value, date) else cast(Json, value)


def decode(kind: Any, value: Any) -> Any:
    """Raises KeyError, TypeError or ValueError for what was not encoded by this version's nouns."""
    if value is None:
        return None
    if get_origin(kind) in (Union, UnionType):
        return _one_of(get_args(kind), value)
    if isinstance(kind, type) and is_dataclass(kind):
        hints = _hints(kind)
        return kind(**{name: decode(hints[name], each) for name, each in value.items() if name != _KIND})
    if get_origin(kind) is tuple:
        return tuple(decode(get_args(kind)[0], each) for each in value)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    return date.fromisoformat(value) if kind is date else value


def _one_of(kinds: tuple[Any, ...], value: Any) -> Any:
    """A dataclass by its name, a tuple of anything that is written alike, else what JSON has."""
    named = {kind.__name__: kind for kind in kinds if isinstance(kind, type) and is_dataclass(kind)}
    if isinstance(value, dict) and value.get(_KIND) in named:
        return decode(named[value[_KIND]], value)
    others = [kind for kind in kinds if kind is not type(None) and not is_dataclass(kind)]
    structured = [kind for kind in others if get_origin(kind) is tuple or (isinstance(kind, type) and kind is date)]
    return decode(structured[0], value) if structured else value


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)
