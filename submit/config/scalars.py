"""Single values: what a schema's word for a type accepts, and what it says to what it does not accept.

Numbers and words are judged by their text in the file, not by what YAML 1.1 makes of it: that is how `2.10` stays
`2.10`, `1e-4` is a number and `no` is not a boolean.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping

from submit.config.kinds import yaml_value
from submit.config.schemas import Field
from submit.config.shown import shown
from submit.config.tree import Scalar
from submit.job import Json
from submit.sizes import parse_bytes
from submit.suggest import nearest

_INTEGER = r"-?(0|[1-9][0-9]{0,18})\Z"
_NUMBER = r"[-+]?(0|[1-9][0-9]*)?(\.[0-9]*)?([eE][-+]?[0-9]{1,3})?\Z"
_SECONDS = r"([0-9]{1,12}(?:\.[0-9]{1,9})?)s\Z"
_SPAN = r"([0-9]{1,9}(?:\.[0-9]{1,6})?) ?([a-z]*)\Z"
_UNITS = {"": 1, "s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}
_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[-+]\d\d:\d\d)\Z"
_ARRAY = r"[1-9][0-9]{0,8}(%[1-9][0-9]{0,8})?\Z"
_SIZE = r"(?i)[0-9]{1,15}(\.[0-9]{1,6})? ?([KMGT]i?)?B?\Z"


class WrongValueError(Exception):
    """Why a value cannot be what its key needs, and what to write instead."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def seconds(duration: str) -> float:
    """A duration of the API, `3600s`, in seconds."""
    return float(duration.removesuffix("s"))


def convert(scalar: Scalar, type_: str, field: Field) -> Json:
    """The value as the API's JSON has it; raises `WrongValueError`."""
    empty = field.type == "string" and not field.may_be_empty and not scalar.text.strip()
    if scalar.kind == "null" or empty:
        raise WrongValueError("has no value", "Give it one, or remove the key.")
    value = _CONVERSIONS[type_](scalar)
    _check_range(value, type_, field)
    if isinstance(value, str) and field.pattern and not re.fullmatch(field.pattern, value):
        raise WrongValueError(f"`{shown(value)}` is not {field.pattern_words}")
    return value


def choose(scalar: Scalar, choices: list[str], field: Field) -> str:
    """An enum's value, exactly as it is spelt; raises `WrongValueError`."""
    if scalar.kind == "null":
        raise WrongValueError("has no value", f"It is one of {_listed(choices)}.")
    if scalar.text in choices:
        return scalar.text
    if scalar.text.upper() in choices:
        raise WrongValueError(f"`{scalar.text}` is not spelt right", f"Write `{scalar.text.upper()}`.")
    choices = [choice for choice in choices if not choice.endswith("_UNSPECIFIED")]
    meant = nearest(scalar.text, choices)
    noun = field.noun or f"a {field.name}"
    raise WrongValueError(
        f"`{shown(scalar.text)}` is not {noun}",
        f"Did you mean `{meant}`?" if meant else f"It is one of {_listed(choices)}.",
    )


def _listed(choices: list[str]) -> str:
    return ", ".join(f"`{choice}`" for choice in choices)


def _text(scalar: Scalar) -> Json:
    if scalar.kind == "text":
        return scalar.text
    read_as = yaml_value(scalar)
    same = read_as == (scalar.text.lower() if scalar.kind == "boolean" else scalar.text)
    kind = _KIND_NAMES.get(scalar.kind, scalar.kind) + ("" if same else f" in YAML, which would be read as {read_as}")
    raise WrongValueError(
        f"`{shown(scalar.text)}` is {kind}; text is needed", f'Write "{shown(scalar.text)}", in quotes.'
    )


_KIND_NAMES = {"number": "a number", "boolean": "a boolean", "date": "a date"}


def _integer(scalar: Scalar, bits: int) -> Json:
    text = scalar.text.strip()
    if re.match(_INTEGER, text) and -(2 ** (bits - 1)) <= int(text) < 2 ** (bits - 1):
        return int(text)
    if re.match(_INTEGER, text) or re.fullmatch(r"-?[0-9]{20,}", text):
        raise WrongValueError(f"{shown(text)} is too large for a whole number of {bits} bits")
    if scalar.plain and scalar.kind == "number":
        read_as = yaml_value(scalar)
        if re.fullmatch(r"-?[0-9]+", read_as):
            raise WrongValueError(
                f"`{shown(text)}` would be read as {read_as}", f"Write {read_as} if that is what you mean."
            )
    raise WrongValueError(f"`{shown(text)}` is not a whole number", "Write digits, like 2.")


def _double(scalar: Scalar) -> Json:
    text = scalar.text.strip()
    if re.match(_NUMBER, text) and any(c.isdigit() for c in text.lower().partition("e")[0]):
        value = float(text)
        if math.isfinite(value):
            return int(text) if re.match(_INTEGER, text) else value
        raise WrongValueError(f"{shown(text)} is too large for a number")
    raise WrongValueError(f"`{shown(text)}` is not a number", "Write it like 0.1 or 1e-4.")


def _boolean(scalar: Scalar) -> Json:
    if scalar.plain and scalar.text.lower() in ("true", "false"):
        return scalar.text.lower() == "true"
    if scalar.kind == "boolean":
        meant = yaml_value(scalar)
        raise WrongValueError(f"`{scalar.text}` is {meant} only in YAML 1.1", f"Write `{meant}`.")
    raise WrongValueError(
        f"`{shown(scalar.text)}` is neither true nor false", "Write `true` or `false`, without quotes."
    )


def _duration(scalar: Scalar) -> Json:
    """A duration of the API: seconds with an `s`."""
    if scalar.kind == "text" and re.match(_SECONDS, scalar.text):
        return scalar.text
    span = _span(scalar.text)
    if span is None:
        raise WrongValueError(f"`{shown(scalar.text)}` is not a duration", 'Write seconds with an `s`, like "3600s".')
    raise WrongValueError(
        f"`{scalar.text}` is not a duration as this service reads it", f'Write "{span:g}s": seconds with an `s`.'
    )


def _friendly_duration(scalar: Scalar) -> Json:
    """A duration of our own section, in seconds."""
    span = _span(scalar.text)
    if span is None:
        raise WrongValueError(f"`{shown(scalar.text)}` is not a duration", "Write it like 90s, 15m, 2h or 7d.")
    return span


def _span(text: str) -> float | None:
    match = re.match(_SPAN, text.strip())
    unit = _UNITS.get(match[2]) if match else None
    return float(match[1]) * unit if match and unit else None


def _datetime(scalar: Scalar) -> Json:
    if re.match(_TIME, scalar.text):
        return scalar.text
    raise WrongValueError(f"`{shown(scalar.text)}` is not a point in time", 'Write it like "2026-12-01T12:00:00Z".')


def _size(scalar: Scalar) -> Json:
    if re.match(_SIZE, scalar.text.strip()) and parse_bytes(scalar.text.strip()) > 0:
        return scalar.text.strip()
    raise WrongValueError(f"`{shown(scalar.text)}` is not a size", "Write it like 512MiB or 2GiB.")


def _array(scalar: Scalar) -> Json:
    """How many elements, and how many of them at a time."""
    text = scalar.text.strip()
    if re.match(_ARRAY, text):
        return text
    raise WrongValueError(
        f"`{shown(text)}` is not an array", "Write 100 for a hundred elements, or 100%10: ten at a time."
    )


_CONVERSIONS: Mapping[str, Callable[[Scalar], Json]] = {
    "string": _text,
    "int32": lambda scalar: _integer(scalar, 32),
    "int64": lambda scalar: _integer(scalar, 64),
    "double": _double,
    "boolean": _boolean,
    "google-duration": _duration,
    "google-datetime": _datetime,
    "duration": _friendly_duration,
    "size": _size,
    "array": _array,
}
TYPES = frozenset(_CONVERSIONS)


def _check_range(value: Json, type_: str, field: Field) -> None:
    number = seconds(value) if type_ == "google-duration" and isinstance(value, str) else value
    if isinstance(number, bool) or not isinstance(number, int | float):
        if isinstance(value, str) and field.max_length and len(value) > field.max_length:
            raise WrongValueError(f"has {len(value):,} characters; {field.max_length:,} are possible")
        return
    unit = "s" if "duration" in type_ else ""
    low, high = field.minimum, field.maximum
    if low is not None and number < low and high is None:
        raise WrongValueError(f"{number:g}{unit} is too small; it is at least {low:g}{unit}")
    if low is not None and high is not None and not low <= number <= high:
        raise WrongValueError(f"{number}{unit} is out of range; it is between {low:g} and {high:g}{unit}")
