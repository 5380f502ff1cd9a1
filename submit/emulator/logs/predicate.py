"""A filter's syntax tree as a function of a LogEntry in its JSON form."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from submit.emulator.logs.fields import is_time, severity_number, time_text
from submit.emulator.logs.syntax import And, Comparison, Node, Not, Or
from submit.emulator.logs.tokens import FilterError

Entry: TypeAlias = Mapping[str, Any]
Predicate: TypeAlias = Callable[[Entry], bool]
Test: TypeAlias = Callable[[Any], bool]

_ORDER: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


def predicate(node: Node) -> Predicate:
    """Raises `FilterError` for values that cannot be read."""
    match node:
        case And(parts):
            return _first_that_is(False, [predicate(part) for part in parts])
        case Or(parts):
            return _first_that_is(True, [predicate(part) for part in parts])
        case Not(part):
            test = predicate(part)
            return lambda entry: not test(entry)
        case Comparison():
            return _comparison(node)


def _first_that_is(decisive: bool, tests: Sequence[Predicate]) -> Predicate:
    """One such result decides; without any it is the other way round."""

    def test_all(entry: Entry) -> bool:
        for test in tests:  # `all` and `any` would make a generator for each entry
            if test(entry) is decisive:
                return decisive
        return not decisive

    return test_all


def _comparison(node: Comparison) -> Predicate:
    """A field that is missing satisfies no comparison, `!=` neither."""
    test = _test(node)
    if not node.path:
        return lambda entry: any(map(test, leaves(entry)))
    if len(node.path) == 1:
        name = node.path[0]
        default = "DEFAULT" if name == "severity" else None

        def of_one_field(entry: Entry) -> bool:
            value = entry.get(name, default)
            return test(value) if isinstance(value, str) else any(map(test, leaves(value)))

        return of_one_field
    path = node.path

    def among_objects(entry: Entry) -> bool:
        value: Any = entry
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        if isinstance(value, str):  # nearly always; then no other reading of the path is looked for
            return test(value)
        return any(test(value) for found in _values(entry, path) for value in leaves(found))

    return _once_for_each_resource(among_objects) if path[0] == "resource" else among_objects


def _once_for_each_resource(test: Predicate) -> Predicate:
    """All entries of a replica have the same object as their resource, and most come behind each other."""
    last: Any = None
    result = False

    def remembered(entry: Entry) -> bool:
        nonlocal last, result
        resource = entry.get("resource")
        if resource is None or resource is not last:
            last, result = resource, test(entry)
        return result

    return remembered


def _test(node: Comparison) -> Test:
    if node.wild and node.operator in (":", "="):
        return lambda _: True
    if node.operator in ("=~", "!~"):
        return _pattern(node)
    compare = _ORDER["=" if node.operator == ":" else node.operator]
    if is_time(node.path):
        wanted = time_text(node.value)
        return lambda value: compare(_time(value), wanted)
    if node.path == ("severity",):
        number = severity_number(node.value)
        return lambda value: compare(_severity(value), number)
    if node.operator == ":":
        return _contains(node.value.casefold())
    return _compared(node, compare)


def _contains(wanted: str) -> Test:
    return lambda value: wanted in _text(value).casefold()


def _compared(node: Comparison, compare: Callable[[Any, Any], bool]) -> Test:
    """Numbers as numbers; texts are equal whatever their case, and are ordered as they are."""
    number = _number(node.value)
    wanted = node.value.casefold() if node.operator in ("=", "!=") else node.value

    def test(value: Any) -> bool:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return number is not None and compare(value, number)
        text = _text(value)
        return compare(text.casefold() if node.operator in ("=", "!=") else text, wanted)

    return test


def _pattern(node: Comparison) -> Test:
    """As in Cloud Logging it is one of RE2's, whose search takes no longer than the text is long."""
    import re2

    options = re2.Options()
    options.log_errors = False
    try:
        pattern = re2.compile(node.value, options)
    except re2.error as error:
        reason = error.args[0].decode() if isinstance(error.args[0], bytes) else error
        raise FilterError(f"Invalid regular expression '{node.value}': {reason}.") from error
    wanted = node.operator == "=~"
    return lambda value: (pattern.search(_text(value)) is not None) is wanted


def leaves(value: Any) -> Iterator[Any]:
    """What is neither object nor list in a value."""
    if isinstance(value, Mapping):
        for item in value.values():
            yield from leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item)
    elif value is not None:
        yield value


def _values(value: Any, path: tuple[str, ...]) -> Iterator[Any]:
    """What stands at the path; a list stands for all of its items. A key may have dots itself."""
    if not path:
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _values(item, path)
    elif isinstance(value, Mapping):
        for count in range(1, len(path) + 1):
            if (found := value.get(".".join(path[:count]))) is not None:
                yield from _values(found, path[count:])


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _time(value: Any) -> str:
    try:
        return time_text(str(value))
    except FilterError:
        return ""


def _severity(value: Any) -> int:
    try:
        return severity_number(str(value))
    except FilterError:
        return 0
