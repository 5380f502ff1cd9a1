"""A job's JSON against the messages of `data/ml_v1_job.json`: known names only, values in the form that answers have.

There are no published protobuf types of this API. Its front end took names in camelCase and snake_case, enums by name
or number, and int64 as text or number.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from submit.emulator.rpc.errors import bad_request

_FILE = Path(__file__).parent.with_name("data") / "ml_v1_job.json"
_DURATION = re.compile(r"-?\d+(\.\d{1,9})?s")


class Flaw(NamedTuple):
    """`path` is in snake_case below `job`."""

    path: str
    sentence: str


@cache
def _messages() -> dict[str, dict[str, Any]]:
    messages: dict[str, dict[str, Any]] = json.loads(_FILE.read_text())["messages"]
    return messages


def read_job(body: Any) -> dict[str, Any]:
    """The job in the form of answers. Raises INVALID_ARGUMENT with everything that is no job."""
    flaws: list[Flaw] = []
    job: dict[str, Any] = _message(body, "Job", "job", flaws)
    if flaws:
        raise bad_request("\n".join(flaw.sentence for flaw in flaws), *flaws)
    return job


def _value(value: Any, kind: Any, path: str, flaws: list[Flaw]) -> Any:
    if isinstance(kind, list):
        return _list(value, kind[0], path, flaws)
    if isinstance(kind, dict) and "enum" in kind:
        return _enum(value, kind["enum"], path, flaws)
    if isinstance(kind, dict):
        return _map(value, path, flaws)
    if kind in _messages():
        return _message(value, kind, path, flaws)
    kind = kind.partition(" ")[0]
    try:
        return _SCALARS[kind](value)
    except (ValueError, TypeError, OverflowError):
        flaws.append(_invalid(path, f"TYPE_{kind.removeprefix('google-').upper()}", value))
        return None


def _message(value: Any, name: str, path: str, flaws: list[Flaw]) -> dict[str, Any]:
    if not isinstance(value, dict):
        flaws.append(_invalid(path, name, value))
        return {}
    kinds = _messages()[name]
    known = {alias: field for field in kinds for alias in (field, snake(field))}
    flaws.extend(_unknown(key, path) for key in value if key not in known)
    return {
        known[key]: _value(item, kinds[known[key]], f"{path}.{snake(known[key])}", flaws)
        for key, item in value.items()
        if key in known and item is not None
    }


def _list(value: Any, kind: Any, path: str, flaws: list[Flaw]) -> list[Any]:
    if not isinstance(value, list):
        flaws.append(_invalid(path, "repeated", value))
        return []
    return [_value(item, kind, f"{path}[{index}]", flaws) for index, item in enumerate(value)]


def _map(value: Any, path: str, flaws: list[Flaw]) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        flaws.append(_invalid(path, "map", value))
        return {}
    return value


def _enum(value: Any, names: list[str], path: str, flaws: list[Flaw]) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(names):
        return names[value]
    if value not in names:
        flaws.append(_invalid(path, "TYPE_ENUM", value))
    return str(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _integer(value: Any) -> int:
    if isinstance(value, bool) or int(value) != float(value):
        raise TypeError
    return int(value)


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _duration(value: Any) -> str:
    if not _DURATION.fullmatch(value):
        raise ValueError
    return _text(value)


_SCALARS: Mapping[str, Callable[[Any], Any]] = {
    "string": _text,
    "byte": _text,
    "google-datetime": _text,
    "google-duration": _duration,
    "boolean": _flag,
    "double": float,
    "int32": _integer,
    "int64": lambda value: str(_integer(value)),
}


def _invalid(path: str, kind: str, value: Any) -> Flaw:
    return Flaw(path, f"Invalid value at '{path}' ({kind}), {json.dumps(value)}")


def _unknown(key: str, path: str) -> Flaw:
    return Flaw(path, f"Invalid JSON payload received. Unknown name \"{key}\" at '{path}': Cannot find field.")


def snake(camel: str) -> str:
    """`packageUris` -> `package_uris`."""
    return re.sub(r"[A-Z]+", lambda match: f"_{match[0].lower()}", camel)
