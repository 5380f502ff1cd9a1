"""A value tree against a schema: the values that are right as the API's JSON, and every problem with the others."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from enum import Enum
from typing import Literal, TypeAlias

from submit.config.paths import Mark, Path, path_shown
from submit.config.scalars import TYPES, WrongValueError, choose, convert
from submit.config.schemas import Field, Message, Schema, Type, inner
from submit.config.shown import shown
from submit.config.tree import Branch, Entry, Row, Scalar, Tree, describe, is_null
from submit.config.unknown import misplaced, unindented, unknown_key
from submit.errors import Place, Problem
from submit.job import Json, JsonObject


class _Missing(Enum):
    """Stands for a value that has been reported and is left out."""

    MISSING = "missing"


MISSING = _Missing.MISSING
Found: TypeAlias = "Json | Literal[_Missing.MISSING]"


class Checker:
    """Collects `problems`, and in `marks` where every key stands, over one or several checks of one file."""

    def __init__(self, marks: dict[str, Mark]) -> None:
        self.marks = marks
        self.problems: list[Problem] = []

    def check(self, branch: Branch, schema: Schema, root: str, path: Path) -> JsonObject:
        """What is right in a mapping that should be the message `root`; what is wrong is left out of it."""
        return _Walk(self, schema, root, path).message(branch, schema.messages[root], path)

    def report(self, message: str, place: Place, path: Path, hint: str = "") -> None:
        self.problems.append(Problem(message=message, place=place, path=path_shown(path.written), hint=hint))

    def warn(self, message: str, place: Place, path: Path, hint: str = "") -> None:
        problem = Problem(message=message, place=place, path=path_shown(path.written), hint=hint, severity="warning")
        self.problems.append(problem)


class _Walk:
    """One check; it knows the root, so that it can say where a misplaced key belongs."""

    def __init__(self, checker: Checker, schema: Schema, root: str, root_path: Path) -> None:
        self.checker = checker
        self.schema = schema
        self.root = root
        self.root_path = root_path

    def message(self, branch: Branch, message: Message, path: Path) -> JsonObject:
        values: JsonObject = {}
        first: dict[str, Entry] = {}
        for entry, field in self._known(branch, message, path):
            if field.name in first:
                self._spelt_twice(entry, first[field.name], path)
                continue
            first[field.name] = entry
            here = path.key(entry.key, field.name)
            self.checker.marks[here.canonical] = Mark(here.written, entry.place)
            value = self._field(entry, field, here)
            if value is not MISSING:
                values[field.name] = value
        self._require(branch, message, first.keys(), path)
        return values

    def _known(self, branch: Branch, message: Message, path: Path) -> Iterator[tuple[Entry, Field]]:
        """The entries whose key the message has; the others are reported."""
        outdented = unindented(branch, message, self.schema, path)
        for entry in branch.entries:
            if entry.key in outdented:
                continue
            name = self.schema.canonical(message, entry.key)
            if name is not None:
                yield entry, message.fields[name]
                continue
            elsewhere = misplaced(entry, message, path, self.schema, self.root, self.root_path)
            problem = elsewhere or unknown_key(entry, message, path)
            self.checker.problems.append(problem)
        self.checker.problems += [problem for problem in outdented.values() if problem]

    def _spelt_twice(self, entry: Entry, first: Entry, path: Path) -> None:
        self.checker.report(
            f"the same key as `{first.key}` in line {first.place.line}",
            entry.place,
            path.key(entry.key),
            "Keep one of them.",
        )

    def _require(self, branch: Branch, message: Message, present: Collection[str], path: Path) -> None:
        for field in message.fields.values():
            if field.required and field.name not in present:
                self.checker.report(f"`{field.name}` is missing", branch.place, path, field.about)

    def _field(self, entry: Entry, field: Field, path: Path) -> Found:
        if field.ignored:
            self.checker.warn(f"is not used: {field.ignored}", entry.place, path)
            return MISSING
        if field.refused:
            self.checker.report(f"cannot be used: {field.refused}", entry.place, path)
            return MISSING
        return self._value(entry.value, field.type, field, path)

    def _value(self, tree: Tree, type_: Type, field: Field, path: Path) -> Found:
        if isinstance(type_, list):
            return self._list(tree, type_, field, path)
        if isinstance(type_, dict) and "*" in type_:
            return self._mapping(tree, type_, field, path)
        if isinstance(type_, dict) and "either" in type_:
            alternatives: list[Type] = type_["either"]
            wanted = alternatives[-1] if isinstance(tree, Branch) else alternatives[0]
            return self._value(tree, wanted, field, path)
        if isinstance(type_, str) and type_ in self.schema.messages:
            return self._nested(tree, type_, path)
        return self._scalar(tree, type_, field, path)

    def _nested(self, tree: Tree, name: str, path: Path) -> Found:
        if isinstance(tree, Branch):
            return self.message(tree, self.schema.messages[name], path)
        keys = [f"`{key}`" for key in list(self.schema.messages[name].fields)[:3]]
        self._wrong_shape(tree, "a mapping", path, f"Its keys are {', '.join(keys)} …")
        return MISSING

    def _wrong_shape(self, tree: Tree, wanted: str, path: Path, hint: str = "") -> None:
        if is_null(tree):
            self.checker.report("has no value", tree.place, path, hint or "Give it one, or remove the key.")
        else:
            self.checker.report(f"is {describe(tree)}; {wanted} is needed", tree.place, path, hint)

    def _list(self, tree: Tree, type_: Type, field: Field, path: Path) -> Found:
        if field.single and isinstance(tree, Branch):
            tree = Row((tree,), tree.place)
        if not isinstance(tree, Row):
            self._wrong_shape(tree, "a list", path, "Write one item per line, each behind `- `.")
            return MISSING
        self._check_count(len(tree.items), tree, field, path)
        values = [self._item(item, inner(type_), field, path.item(i)) for i, item in enumerate(tree.items)]
        self._check_length(values, tree, field, path)
        self._check_unique(values, tree, field, path)
        return [value for value in values if value is not MISSING]

    def _item(self, item: Tree, type_: Type, field: Field, path: Path) -> Found:
        self.checker.marks[path.canonical] = Mark(path.written, item.place)
        value = self._value(item, type_, field, path)
        if value is MISSING and isinstance(type_, str) and type_ in self.schema.messages:
            return {}  # keeps the place, so that those behind it have their right numbers
        return value

    def _check_count(self, count: int, tree: Tree, field: Field, path: Path) -> None:
        if count < field.min_items:
            self.checker.report(f"is empty; it has at least {field.min_items}", tree.place, path)
        if field.max_items is not None and count > field.max_items:
            self.checker.report(f"has {count} entries; {field.max_items} are possible", tree.place, path)

    def _check_length(self, values: list[Found], tree: Tree, field: Field, path: Path) -> None:
        length = sum(len(value) for value in values if isinstance(value, str))
        if field.max_length and length > field.max_length:
            self.checker.report(
                f"has {length:,} characters in all; {field.max_length:,} are possible",
                tree.place,
                path,
                "Put what is long into a file in Cloud Storage and pass its name.",
            )

    def _check_unique(self, values: list[Found], tree: Row, field: Field, path: Path) -> None:
        names = [value.get(field.unique) if isinstance(value, dict) else None for value in values]
        for index, name in enumerate(names):
            if name is not None and name in names[:index]:
                message = f"`{shown(str(name))}` stands twice"
                self.checker.report(message, tree.items[index].place, path.item(index), "Keep one of them.")

    def _mapping(self, tree: Tree, type_: Type, field: Field, path: Path) -> Found:
        if not isinstance(tree, Branch):
            self._wrong_shape(tree, "a mapping", path, "Write one `key: value` per line.")
            return MISSING
        self._check_count(len(tree.entries), tree, field, path)
        values: JsonObject = {}
        for entry in tree.entries:
            here = path.key(entry.key)
            self.checker.marks[here.canonical] = Mark(here.written, entry.place)
            value = self._value(entry.value, inner(type_), field, here)
            if value is not MISSING:
                values[entry.key] = value
        return values

    def _scalar(self, tree: Tree, type_: Type, field: Field, path: Path) -> Found:
        if not isinstance(tree, Scalar):
            self._wrong_shape(tree, "a single value", path)
            return MISSING
        try:
            if isinstance(type_, dict):
                return self._chosen(choose(tree, type_["enum"], field), tree, field, path)
            assert type_ in TYPES, type_
            return convert(tree, type_, field)
        except WrongValueError as wrong:
            self.checker.report(wrong.message, tree.place, path, wrong.hint)
            return MISSING

    def _chosen(self, value: str, tree: Scalar, field: Field, path: Path) -> str:
        today = (field.deprecated or {}).get(value)
        if today:
            self.checker.warn(f"`{value}` is an old name for `{today}`", tree.place, path, f"Write `{today}`.")
        return value
