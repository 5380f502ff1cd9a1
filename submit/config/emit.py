"""JSON values → YAML text that people read: block style, comments above the keys, quotes only where they are needed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from textwrap import wrap

from submit.config.kinds import kind_of
from submit.job import Json, JsonObject

WIDTH = 100

_PLAIN = re.compile(r"[A-Za-z0-9_./$(][A-Za-z0-9_./=+@$()-]*(:[A-Za-z0-9_./=+@$()-]+)*\Z")
_ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")


def emit(values: JsonObject, comments: Mapping[str, str]) -> str:
    """`comments` are keyed by the path of what they stand above, `workerPoolSpecs[0].machineSpec`."""
    return "\n".join(_mapping(values, "", "", comments)) + "\n"


def comment(text: str, indent: str = "") -> Iterator[str]:
    """A comment, one paragraph per line of `text`; what starts with a dash hangs on it."""
    for paragraph in text.split("\n"):
        hanging = "  " if paragraph.startswith("- ") else ""
        width = max(WIDTH - len(indent), 40)
        for line in wrap(paragraph, width, subsequent_indent=hanging, break_on_hyphens=False):
            yield f"{indent}# {line}"


def _mapping(values: JsonObject, indent: str, path: str, comments: Mapping[str, str]) -> Iterator[str]:
    for key, value in values.items():
        here = f"{path}.{key}" if path else key
        if here in comments:
            yield from comment(comments[here], indent)
        yield from _entry(f"{indent}{scalar(key)}:", value, indent, here, comments)


def _entry(start: str, value: Json, indent: str, path: str, comments: Mapping[str, str]) -> Iterator[str]:
    match value:
        case dict() if value:
            yield start
            yield from _mapping(value, indent + "  ", path, comments)
        case list() if value:
            yield start
            yield from _list(value, indent + "  ", path, comments)
        case _:
            yield f"{start} {scalar(value)}"


def _list(items: list[Json], indent: str, path: str, comments: Mapping[str, str]) -> Iterator[str]:
    for index, item in enumerate(items):
        here = f"{path}[{index}]"
        if here in comments:
            yield from comment(comments[here], indent)
        if isinstance(item, dict) and item:
            yield from _item(item, indent, here, comments)
        else:
            yield f"{indent}- {scalar(item)}"


def _item(item: JsonObject, indent: str, path: str, comments: Mapping[str, str]) -> Iterator[str]:
    """A mapping in a list: its first key stands behind the dash, below the comment on it."""
    lines = list(_mapping(item, indent + "  ", path, comments))
    first = next(index for index, line in enumerate(lines) if not line.lstrip().startswith("#"))
    yield from (line[2:] for line in lines[:first])
    yield f"{indent}- {lines[first][len(indent) + 2 :]}"
    yield from lines[first + 1 :]


def scalar(value: Json) -> str:
    """A value on one line; text is quoted when YAML would take it for something else."""
    if isinstance(value, str) and _PLAIN.match(value) and kind_of(value) == "text":
        return value
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))
