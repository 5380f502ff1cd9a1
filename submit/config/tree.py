"""A YAML file as values which know where they were written and how."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

from submit.errors import Place
from submit.job import Json

Kind: TypeAlias = Literal["text", "number", "boolean", "null", "date", "other"]


class Scalar(NamedTuple):
    """`text` is what stands in the file, `kind` what YAML 1.1 takes it for; `plain`: without quotes."""

    text: str
    kind: Kind
    plain: bool
    place: Place


class Entry(NamedTuple):
    key: str
    place: Place
    value: Tree


class Branch(NamedTuple):
    """A mapping; its keys are unique."""

    entries: tuple[Entry, ...]
    place: Place

    def get(self, key: str) -> Tree | None:
        return next((entry.value for entry in self.entries if entry.key == key), None)

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(entry.key for entry in self.entries)


class Row(NamedTuple):
    """A list."""

    items: tuple[Tree, ...]
    place: Place


Tree: TypeAlias = Scalar | Branch | Row


def is_null(tree: Tree) -> bool:
    return isinstance(tree, Scalar) and tree.kind == "null"


def describe(tree: Tree) -> str:
    """What a value is, in words for people."""
    match tree:
        case Branch():
            return "a mapping"
        case Row():
            return "a list"
        case Scalar(kind="null"):
            return "empty"
        case Scalar(kind="number"):
            return "a number"
        case Scalar(kind="boolean"):
            return "true or false"
        case Scalar(kind="date"):
            return "a date"
    return "text"


def plain(tree: Tree) -> Json:
    """The value as JSON, for keys whose content is not ours to judge; what YAML takes for a date stays text."""
    match tree:
        case Branch(entries=entries):
            return {entry.key: plain(entry.value) for entry in entries}
        case Row(items=items):
            return [plain(item) for item in items]
        case Scalar(kind="null"):
            return None
        case Scalar(kind="boolean", text=text):
            return text.lower() in ("true", "yes", "on")
        case Scalar(kind="number", text=text):
            return _number(text)
        case Scalar(text=text):
            return text


def _number(text: str) -> Json:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return text
