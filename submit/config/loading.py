"""From the bytes of a config file to what it means, with all that is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from submit.config.check import Checker
from submit.config.dialect import VERTEX, VERTEX_TUNING, Dialect, detect
from submit.config.draft import Draft
from submit.config.ml_engine import draft as ml_engine_draft
from submit.config.overrides import override
from submit.config.paths import Mark, Marks, Path
from submit.config.read import read
from submit.config.rules import judge
from submit.config.schemas import section as section_schema
from submit.config.section import apply, apply_defaults
from submit.config.tree import Branch, Tree, describe
from submit.config.vertex import draft as vertex_draft
from submit.config.vertex import tuning_draft
from submit.errors import Place, Problem, UsageError
from submit.job import Config, Json, JsonObject

SECTION = "submit"


class Loaded(NamedTuple):
    """A config, or None if there are errors; `problems` are in the order of the file, warnings among them."""

    config: Config | None
    problems: tuple[Problem, ...]


def load(
    text: bytes,
    file: str,
    *,
    overrides: Sequence[str] = (),
    defaults: Mapping[str, Json] | None = None,
    today: date,
) -> Loaded:
    """What a config file means; never raises for what is in it.

    `overrides` are `path=value` as `--set` takes them, `defaults` those of `project_defaults`.
    """
    place = Place(file=file, line=1, column=1)
    try:
        tree, twice = read(text, file)
    except UsageError as error:
        return Loaded(config=None, problems=error.problems)
    if tree is None:
        empty = Problem(message="the file is empty", place=place, hint="Start from one of the examples in configs/.")
        return Loaded(config=None, problems=(empty,))
    loaded = _loaded(tree, place, overrides, defaults or {}, today)
    return _result(loaded.config, [*twice, *loaded.problems])


def empty(*, overrides: Sequence[str] = (), defaults: Mapping[str, Json] | None = None, today: date) -> Loaded:
    """Without a file: one BASIC machine."""
    place = Place(file="no config file")
    return _loaded(Branch((), place), place, overrides, defaults or {}, today)


def _loaded(tree: Tree, file: Place, overrides: Sequence[str], defaults: Mapping[str, Json], today: date) -> Loaded:
    if not isinstance(tree, Branch):
        problem = Problem(
            message=f"the file is {describe(tree)}; a config is a mapping",
            place=tree.place,
            hint="It starts with a key such as `trainingInput:` or `workerPoolSpecs:`.",
        )
        return Loaded(config=None, problems=(problem,))
    tree, problems = override(tree, overrides)
    draft, found = draft_of(tree, file)
    problems += found
    if draft is None:
        return _result(None, problems)
    config = apply_defaults(draft.config, defaults)
    draft = draft._replace(config=config)
    problems += judge(draft, today)
    places = {mark.written: mark.place for mark in draft.marks.marks.values()}
    return _result(replace(config, places={"": file, **places}), problems)


def _result(config: Config | None, problems: Sequence[Problem]) -> Loaded:
    ordered = sorted(dict.fromkeys(problems), key=lambda problem: problem.place or Place(file=""))
    failed = any(problem.severity == "error" for problem in ordered)
    return Loaded(config=None if failed else config, problems=tuple(ordered))


def draft_of(tree: Branch, file: Place) -> tuple[Draft | None, list[Problem]]:
    """What a value tree means, and what its schema says against it; None if it has no dialect."""
    ours = tree.get(SECTION)
    body = Branch(tuple(entry for entry in tree.entries if entry.key != SECTION), tree.place)
    dialect = detect(body)
    if isinstance(dialect, Problem):
        return None, [dialect]
    marks: dict[str, Mark] = {}
    checker = Checker(marks)
    values = checker.check(body, dialect.schema, dialect.root, Path())
    section = _section(tree, ours, checker)
    draft = _translate(values, dialect, Marks(marks, file))
    problems = tuple(checker.problems)
    return draft._replace(config=apply(draft.config, section), problems=problems), list(problems)


def _section(tree: Branch, section: Tree | None, checker: Checker) -> JsonObject:
    if section is None:
        return {}
    entry = next(entry for entry in tree.entries if entry.key == SECTION)
    checker.marks[SECTION] = Mark(SECTION, entry.place)
    if isinstance(section, Branch):
        return checker.check(section, section_schema(), "Section", Path(SECTION, SECTION))
    checker.report(f"is {describe(section)}; a mapping is needed", entry.place, Path(SECTION, SECTION))
    return {}


def _translate(values: JsonObject, dialect: Dialect, marks: Marks) -> Draft:
    match dialect.name:
        case name if name == VERTEX:
            return vertex_draft(values, marks, dialect.root)
        case name if name == VERTEX_TUNING:
            return tuning_draft(values, marks)
    return ml_engine_draft(values, marks, dialect.name)
