"""`--set a.b[0].c=value`: changes of a config from the command line, before it is checked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeAlias

from submit.config.read import read_value
from submit.config.tree import Branch, Entry, Row, Tree, describe, is_null
from submit.errors import Place, Problem, UsageError

Step: TypeAlias = "str | int"

_STEP = r"(?:^|\.)([^.\[\]=]+)|\[(\d{1,4})\]"


def override(tree: Branch, overrides: Sequence[str]) -> tuple[Branch, list[Problem]]:
    """The tree with all overrides in it, the last one winning; those that cannot be applied are reported."""
    problems: list[Problem] = []
    for text in overrides:
        place = Place(file=f"--set {text}")
        try:
            tree = _apply(tree, text, place)
        except UsageError as error:
            problems += error.problems
    return tree, problems


def _apply(tree: Branch, text: str, place: Place) -> Branch:
    path, sign, value = text.partition("=")
    steps = _steps(path)
    if not sign or not steps or not isinstance(steps[0], str):
        raise _error(f"`{text}` is not a change", place, "Write it like `--set trainingInput.scaleTier=BASIC`.")
    changed = _set(tree, steps, read_value(value, place), place, "")
    assert isinstance(changed, Branch)
    return changed


def _steps(path: str) -> list[Step]:
    """`a.b[0]` → ["a", "b", 0]; empty if it is no path."""
    found = list(re.finditer(_STEP, path))
    if "".join(match[0] for match in found) != path:
        return []
    return [match[1] if match[1] is not None else int(match[2]) for match in found]


def _set(tree: Tree | None, steps: Sequence[Step], value: Tree, place: Place, done: str) -> Tree:
    if not steps:
        return value
    step, *rest = steps
    if isinstance(step, str):
        return _set_key(tree, step, rest, value, place, done)
    return _set_item(tree, step, rest, value, place, done)


def _set_key(tree: Tree | None, key: str, rest: list[Step], value: Tree, place: Place, done: str) -> Branch:
    if tree is None or is_null(tree):
        tree = Branch((), place)
    if not isinstance(tree, Branch):
        raise _error(f"`{done}` is {describe(tree)}, so it has no `{key}`", place)
    new = _set(tree.get(key), rest, value, place, f"{done}.{key}" if done else key)
    if tree.get(key) is None:
        return tree._replace(entries=(*tree.entries, Entry(key, place, new)))
    entries = (Entry(key, entry.place if rest else place, new) if entry.key == key else entry for entry in tree.entries)
    return tree._replace(entries=tuple(entries))


def _set_item(tree: Tree | None, index: int, rest: list[Step], value: Tree, place: Place, done: str) -> Row:
    if tree is None or is_null(tree):
        tree = Row((), place)
    if not isinstance(tree, Row):
        raise _error(f"`{done}` is {describe(tree)}, so it has no item [{index}]", place)
    if index > len(tree.items):
        raise _error(f"`{done}` has {len(tree.items)} items, so [{index}] would leave a gap", place)
    old = tree.items[index] if index < len(tree.items) else None
    new = _set(old, rest, value, place, f"{done}[{index}]")
    return tree._replace(items=(*tree.items[:index], new, *tree.items[index + 1 :]))


def _error(message: str, place: Place, hint: str = "") -> UsageError:
    return UsageError(Problem(message=message, place=place, hint=hint))
