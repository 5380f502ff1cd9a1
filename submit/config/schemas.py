"""What may stand in a config, as data: the services' own schemas and ours, read from `data/`.

A field's type is the API's word for it (`string`, `int64`, `google-duration` …), the name of a message, `[T]` for a
list, `{"*": T}` for a mapping with free keys, `{"enum": [..]}` or `{"either": [..]}`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

_FOLDER = Path(__file__).parent / "data"

Type: TypeAlias = "str | list[Type] | dict[str, Any]"


class Field(NamedTuple):
    """`minimum` and `maximum` bound a number (or a duration in seconds), `max_length` a text or all texts of a list.

    `ignored` and `refused` say why a key that the service knows means nothing here, or cannot be had.
    `deprecated` maps old values to those of today; `noun` is what the values are, for messages.
    `unique` is the key by which the items of a list differ, and with `single` one item may stand for a list of one.
    `may_be_empty`: so may a single text; without it, an empty text is as good as none.
    """

    name: str
    type: Type
    about: str
    required: bool = False
    minimum: float | None = None
    maximum: float | None = None
    min_items: int = 0
    max_items: int | None = None
    max_length: int | None = None
    pattern: str = ""
    pattern_words: str = ""
    ignored: str = ""
    refused: str = ""
    unique: str = ""
    single: bool = False
    may_be_empty: bool = False
    noun: str = ""
    deprecated: Mapping[str, str] | None = None


class Message:
    """A mapping with known keys."""

    def __init__(self, name: str, about: str, fields: Mapping[str, Field]) -> None:
        self.name, self.about, self.fields = name, about, fields

    @cached_property
    def spellings(self) -> Mapping[str, str]:
        """A key's canonical name by both of its spellings."""
        return {spelling: key for key in self.fields for spelling in (camel(key), snake(key))}


class Schema(NamedTuple):
    """`both_spellings`: keys may be written in camelCase and in snake_case, as Google's newer APIs read them."""

    messages: Mapping[str, Message]
    roots: tuple[str, ...]
    both_spellings: bool

    def canonical(self, message: Message, key: str) -> str | None:
        """The field that a key means."""
        if key in message.fields:
            return key
        return message.spellings.get(key) if self.both_spellings else None


def camel(key: str) -> str:
    """`worker_pool_specs` → `workerPoolSpecs`."""
    first, *rest = key.split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in rest)


def snake(key: str) -> str:
    """`workerPoolSpecs` → `worker_pool_specs`."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in key)


@cache
def ml_engine() -> Schema:
    return _load("ml_v1.json", both_spellings=False)


@cache
def vertex() -> Schema:
    return _load("aiplatform_v1.json", both_spellings=True)


@cache
def section() -> Schema:
    """Of our own `submit:` section."""
    return _load("submit.json", both_spellings=True)


def _load(file: str, *, both_spellings: bool) -> Schema:
    data = json.loads((_FOLDER / file).read_text(encoding="utf-8"))
    messages = {name: _message(name, message) for name, message in data["messages"].items()}
    return Schema(messages, tuple(data["root"]), both_spellings)


def _message(name: str, data: Mapping[str, Any]) -> Message:
    fields = {key: Field(name=key, **field) for key, field in data["fields"].items()}
    return Message(name, data["about"], fields)


def inner(type_: Type) -> Type:
    """The type of a list's items or a mapping's values; another type itself."""
    if isinstance(type_, list):
        return type_[0]
    if isinstance(type_, dict) and "*" in type_:
        value: Type = type_["*"]
        return value
    return type_
