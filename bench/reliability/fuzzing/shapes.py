"""Bodies in the shape of Google's messages, filled at random: mostly with what fits, sometimes with what does not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from bench.reliability.fuzzing import values

DEEPEST = 5
_WELL_KNOWN: Mapping[str, tuple[Any, ...]] = {
    "Timestamp": ("2026-11-21T03:33:37Z", "1970-01-01T00:00:00.000000001Z", "9999-12-31T23:59:59Z"),
    "Duration": ("1s", "3600.5s", "315576000000s"),
    "FieldMask": ("labels", "displayName,labels", "a.b.c", "*"),
    "Struct": ({"a": 1, "b": [None, {"c": "d"}]}, {}),
    "Value": (1, "a", None, [1], {"a": {}}),
    "ListValue": ([], [1, "a"]),
    "Any": ({}, {"@type": "type.googleapis.com/google.protobuf.Duration", "value": "1s"}, {"@type": "x"}),
    "Empty": ({},),
}
_PLAUSIBLE = ("a", "demo", "us-central1", "n1-standard-4", "projects/local-project", "gs://fuzz-bucket/a", "x=1", "1")


def message(descriptor: Any, choose: Random, depth: int = 0) -> Any:
    """The JSON of a message with some of its fields."""
    if descriptor.full_name.startswith("google.protobuf."):
        return choose.choice(_WELL_KNOWN.get(descriptor.name, (1, "a", True)))
    share = 0.6 if depth == 0 else 0.35
    fields = [field for field in descriptor.fields if choose.random() < share and depth < DEEPEST]
    return {choose.choice((field.name, field.json_name)): _field(field, choose, depth) for field in fields}


def _field(field: Any, choose: Random, depth: int) -> Any:
    if choose.random() < 0.15:
        return values.value(choose)
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        inner = field.message_type.fields_by_name["value"]
        return {key: _one(inner, choose, depth) for key in choose.sample(("a", "b-c", "9"), choose.randrange(3))}
    if field.is_repeated:
        return [_one(field, choose, depth) for _ in range(choose.choice((0, 1, 1, 2)))]
    return _one(field, choose, depth)


def _one(field: Any, choose: Random, depth: int) -> Any:
    if field.message_type is not None:
        return message(field.message_type, choose, depth + 1)
    if field.enum_type is not None:
        known = choose.choice(field.enum_type.values)
        return choose.choice((known.name, known.name, known.number, 999, -1, "NO_SUCH_NAME"))
    return choose.choice(_SCALARS.get(field.type, (0, 1, 3, "5", -1)))


_SCALARS: Mapping[int, tuple[Any, ...]] = {  # by the numbers of `FieldDescriptorProto.Type`
    1: (0.5, 1, "NaN"),
    2: (0.5, 1, 1e39),
    8: (True, False),
    9: _PLAUSIBLE,
    12: ("YWJj", "", "-_"),
}


def documented(messages: Mapping[str, Any], name: str, choose: Random, depth: int = 0) -> Any:
    """The same for `ml_v1_job.json`: types are words, `{"enum": …}`, `{"*": type}` or `[type]`."""
    fields = [key for key in messages[name] if choose.random() < 0.4 and depth < DEEPEST]
    return {key: _documented(messages, messages[name][key], choose, depth) for key in fields}


def _documented(messages: Mapping[str, Any], kind: Any, choose: Random, depth: int) -> Any:
    if choose.random() < 0.1:
        return values.value(choose)
    match kind:
        case [inner]:
            return [_documented(messages, inner, choose, depth) for _ in range(choose.randrange(3))]
        case {"enum": names}:
            return choose.choice((*names, 1, "NO_SUCH_NAME"))
        case {"*": inner}:
            return {key: _documented(messages, inner, choose, depth) for key in ("a", "b")}
    word = str(kind).partition(" ")[0]
    if word in messages:
        return documented(messages, word, choose, depth + 1)
    return _WORDS[word](choose) if word in _WORDS else 1


_WORDS: Mapping[str, Callable[[Random], Any]] = {
    "string": lambda choose: choose.choice(_PLAUSIBLE),
    "boolean": lambda choose: choose.random() < 0.5,
    "google-datetime": lambda choose: choose.choice(_WELL_KNOWN["Timestamp"]),
    "google-duration": lambda choose: choose.choice(_WELL_KNOWN["Duration"]),
    "int64": lambda choose: choose.choice(("1", 1, "-5", 2**63)),
    "byte": lambda _: "YWJj",
}
