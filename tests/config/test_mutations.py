"""Ten thousand damaged configs: whatever a file says, the answer is a config or errors with their places,
and what can be read can be converted into what can be read."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from submit import config
from submit.config import schemas

TODAY = date(2026, 11, 21)
FILES = [path.read_text() for path in sorted((Path(__file__).parents[2] / "configs").glob("*.yaml"))]
TREES = [yaml.safe_load(text) for text in FILES]
KEYS = sorted(
    {
        spelling
        for schema in (schemas.ml_engine(), schemas.vertex(), schemas.section())
        for message in schema.messages.values()
        for key in message.fields
        for spelling in (key, schemas.snake(key))
    }
)
SNIPPETS = [
    *(":", ": ", "- ", "\t", "\n", "  ", "#", "{", "}", "[", "]", ",", "|", ">", "&a ", "*a", "!!", "!!int ", "<<: *a"),
    *("'", '"', "%", "@", "`", "?", "---\n", "...\n", "\\", "\x00", "\x07", "\ufeff", "\u2028", "é", "😀", "~", "null"),
    *("yes", "0777", "1_000", "1:30", "2.10", ".nan", ".inf", "-.inf", "1e999", "2020-01-01", "0x1F", "9" * 40, "-1"),
    *("3600s", "2h", "standard_gpu", "NVIDIA_TESLA_T4", "n1-standard-8", "CUSTOM", "custom", "SPOT", "FLEX_START"),
]
VALUES: list[Any] = [
    *(None, True, False, 0, 1, -1, 3, 2**31, 2**63, 10**30, 0.1, -0.5, 1e300, float("nan"), float("inf")),
    *("", " ", "a", "2", "2.10", "no", "3600s", "2h", "2GiB", "gs://b/o", "x" * 200_001, "é😀", "CUSTOM", "cloud_tpu"),
    *("n1-standard-8", "g2-standard-8", "ct5lp-hightpu-4t", "NVIDIA_L4", "TPU_V3", "SPOT", "INTEGER", "2x2"),
    *([], {}, [[]], [None], [{}], {"a": 1}, {"": ""}, ["a"] * 150, [1, "a", {}], date(2026, 1, 1)),
]

few = settings(
    max_examples=5000,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

number = st.integers(min_value=0, max_value=2**20)
edit = st.tuples(number, number, number)


def judge(text: bytes) -> None:
    loaded = config.load(text, "f.yaml", today=TODAY)
    errors = [problem for problem in loaded.problems if problem.severity == "error"]
    assert bool(errors) == (loaded.config is None)
    for problem in loaded.problems:
        assert problem.place is not None
        assert problem.place.file == "f.yaml"
        assert problem.place.line >= 1
        assert problem.message
        assert len(str(problem)) < 1000
    if loaded.config and loaded.config.dialect == "ml-engine":
        converted = config.convert(text, "f.yaml", TODAY)
        again = config.load(converted.text.encode(), "converted.yaml", today=TODAY)
        assert again.config is not None, (converted.text, again.problems)


def delete(text: str, at: int, what: int) -> str:
    return text[:at] + text[at + what % 12 + 1 :]


def insert(text: str, at: int, what: int) -> str:
    return text[:at] + SNIPPETS[what % len(SNIPPETS)] + text[at:]


def insert_key(text: str, at: int, what: int) -> str:
    line = text.rfind("\n", 0, at) + 1
    return f"{text[:line]}{' ' * (what % 5)}{KEYS[what % len(KEYS)]}: {SNIPPETS[what % len(SNIPPETS)]}\n{text[line:]}"


def repeat_line(text: str, at: int, what: int) -> str:
    lines = text.splitlines(keepends=True) or [""]
    return "".join([*lines, lines[(at + what) % len(lines)]])


def indent_line(text: str, at: int, what: int) -> str:
    line = text.rfind("\n", 0, at) + 1
    return text[:line] + " " * (what % 4) + text[line:].lstrip(" ")


def truncate(text: str, at: int, what: int) -> str:
    return text[: at + what % 3]


TEXT_EDITS: list[Callable[[str, int, int], str]] = [delete, insert, insert_key, repeat_line, indent_line, truncate]


@few
@given(file=number, edits=st.lists(edit, min_size=1, max_size=4), byte=st.none() | edit)
def test_damaged_text_gives_a_config_or_errors(
    file: int, edits: list[tuple[int, int, int]], byte: tuple[int, int, int] | None
) -> None:
    text = FILES[file % len(FILES)]
    for kind, at, what in edits:
        text = TEXT_EDITS[kind % len(TEXT_EDITS)](text, at % (len(text) + 1), what)
    raw = bytearray(text.encode())
    if byte and raw:
        raw[byte[0] % len(raw)] = byte[1] % 256
    judge(bytes(raw))


def nodes(tree: Any) -> list[tuple[Any, Any]]:
    """Every place in a tree: its container and its key or index."""
    if isinstance(tree, dict):
        return [found for key, value in tree.items() for found in [(tree, key), *nodes(value)]]
    if isinstance(tree, list):
        return [found for index, value in enumerate(tree) for found in [(tree, index), *nodes(value)]]
    return []


def change_tree(tree: Any, kind: int, at: int, what: int) -> None:
    places = nodes(tree)
    if not places:
        return
    container, key = places[at % len(places)]
    value = copy.deepcopy(VALUES[what % len(VALUES)])
    other, other_key = places[what % len(places)]
    if kind % 4 == 0:
        container[key] = value
    elif kind % 4 == 1:
        del container[key]
    elif kind % 4 == 2:
        container[key] = copy.deepcopy(other[other_key])
    elif isinstance(container, dict):
        container[KEYS[what % len(KEYS)]] = container.pop(key) if at % 2 else value


@few
@given(file=number, edits=st.lists(edit, min_size=1, max_size=4))
def test_damaged_values_give_a_config_or_errors(file: int, edits: list[tuple[int, int, int]]) -> None:
    tree = copy.deepcopy(TREES[file % len(TREES)])
    for kind, at, what in edits:
        change_tree(tree, kind, at, what)
    judge(yaml.dump(tree, Dumper=yaml.CSafeDumper, allow_unicode=True).encode())
