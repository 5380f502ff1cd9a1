"""A project's defaults: `[tool.submit]` in its pyproject.toml, checked like a config."""

from __future__ import annotations

import datetime
import re
import tomllib
from collections.abc import Mapping

from submit.config.check import Checker
from submit.config.paths import Path
from submit.config.schemas import section
from submit.config.tree import Branch, Entry, Row, Scalar, Tree
from submit.errors import Place, Problem
from submit.job import Json

TABLE = "tool.submit"


def project_defaults(pyproject: bytes, file: str) -> tuple[Mapping[str, Json], tuple[Problem, ...]]:
    """The defaults by their key (`staging-bucket`); `data/submit.json` lists the keys, under `Project`."""
    try:
        text = pyproject.decode("utf-8")
        tool = tomllib.loads(text).get("tool", {})
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        return {}, (Problem(message=f"the file is not TOML: {error}", place=_error_place(str(error), file)),)
    table = tool.get("submit", {}) if isinstance(tool, dict) else {}
    if not isinstance(table, dict):
        return {}, (Problem(message="is not a table", place=Place(file=file), path=TABLE),)
    tree = _Places(text, file).branch(table)
    checker = Checker({})
    values = checker.check(tree, section(), "Project", Path(TABLE, TABLE))
    return values, tuple(sorted(checker.problems, key=lambda problem: problem.place or Place(file=file)))


def _error_place(message: str, file: str) -> Place:
    found = re.search(r"at line (\d+), column (\d+)", message)
    return Place(file=file, line=int(found[1]), column=int(found[2])) if found else Place(file=file)


class _Places:
    """TOML's values with their lines, which `tomllib` does not keep: found again by their key in the table's text."""

    def __init__(self, text: str, file: str) -> None:
        self.lines = text.split("\n")
        self.file = file
        starts = (
            number for number, line in enumerate(self.lines, 1) if re.match(r"\s*\[\s*tool\s*\.\s*submit\b", line)
        )
        self.start = next(starts, 1)

    def branch(self, table: Mapping[str, object], place: Place | None = None) -> Branch:
        place = place or Place(file=self.file, line=self.start)
        entries = []
        for key, value in table.items():
            here = self._find(key)
            entries.append(Entry(key, here, self._tree(value, here)))
        return Branch(tuple(entries), place)

    def _find(self, key: str) -> Place:
        pattern = re.compile(rf"(^|[\s.{{,\[])[\"']?{re.escape(key)}[\"']?\s*[=\].]")
        for number, line in enumerate(self.lines[self.start - 1 :], self.start):
            if pattern.search(line):
                return Place(file=self.file, line=number)
        return Place(file=self.file, line=self.start)

    def _tree(self, value: object, place: Place) -> Tree:
        match value:
            case dict():
                return self.branch(value, place)
            case list():
                return Row(tuple(self._tree(item, place) for item in value), place)
            case bool():
                return Scalar(str(value).lower(), "boolean", True, place)
            case int() | float():
                return Scalar(str(value), "number", True, place)
            case datetime.date() | datetime.time():
                return Scalar(str(value), "date", True, place)
        return Scalar(str(value), "text", False, place)
