"""`filter`, `orderBy` and paging of list methods: https://google.aip.dev/160, https://google.aip.dev/132."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

from submit.emulator.rpc.errors import RpcError, bad_request
from submit.emulator.services.records import Record

_DEFAULT_PAGE, _LARGEST_PAGE = 100, 1000
_DEPTH = 64
_TOKEN = re.compile(
    r"""\s*(?:(?P<sign>[()]|!=|<=|>=|=|<|>|:)|"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<word>[^\s()=!<>:"]+))"""
)
Test: TypeAlias = Callable[[Record], bool]


def page(items: Sequence[Record], size: int, token: str, bound_to: str) -> tuple[list[Record], str]:
    """A page of items (each with a `name`) and the next page's token. A token continues behind a name, so that new
    items do not shift the pages, and goes only with the query that it was given for (`bound_to`)."""
    if size < 0:
        raise bad_request("page_size must not be negative.", ("page_size", "must not be negative"))
    seal = hashlib.sha256(bound_to.encode()).hexdigest()[:8]
    start = _start(items, token, seal) if token else 0
    end = start + min(size or _DEFAULT_PAGE, _LARGEST_PAGE)
    more = end < len(items)
    following = base64.urlsafe_b64encode(f"{seal}:{items[end - 1]['name']}".encode()).decode() if more else ""
    return list(items[start:end]), following


def _start(items: Sequence[Record], token: str, seal: str) -> int:
    try:
        given, _, name = base64.urlsafe_b64decode(token).decode().partition(":")
    except ValueError as error:  # no base64, no ASCII even, or no UTF-8 in it
        raise _bad_token() from error
    names = [item["name"] for item in items]
    if given != seal or name not in names:
        raise _bad_token()
    return names.index(name) + 1


def _bad_token() -> RpcError:
    return bad_request("The page token is invalid.", ("page_token", "The page token is invalid."))


def ordered(items: list[Record], order_by: str) -> list[Record]:
    """`create_time desc, display_name`; items that compare equal stay in their order."""
    for part in reversed([part.split() for part in order_by.split(",") if part.strip()]):
        if len(part) > 2 or part[1:] not in ([], ["asc"], ["desc"]):
            raise bad_request(f"Invalid order_by: {order_by}", ("order_by", "expected `field [asc|desc], …`"))
        read = _reader(part[0])
        items = sorted(items, key=lambda item: str(read(item) or ""), reverse=part[1:] == ["desc"])
    return items


def matching(items: Sequence[Record], text: str) -> list[Record]:
    """Items in their JSON form that satisfy a filter: `display_name="x" AND NOT labels.k=v`."""
    if not text.strip():
        return list(items)
    test = _Parser(text).parse()
    return [item for item in items if test(item)]


class _Parser:
    """Recursive descent over `AND`, `OR`, `NOT`, parentheses and `field operator value`."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(_tokens(text))
        self._at = 0
        self._depth = 0

    def parse(self) -> Test:
        test = self._either()
        if self._peek():
            raise self._error()
        return test

    def _either(self) -> Test:
        tests = [self._both()]
        while self._take("OR"):
            tests.append(self._both())
        return tests[0] if len(tests) == 1 else lambda item: any(test(item) for test in tests)

    def _both(self) -> Test:
        tests = [self._one()]
        while self._take("AND") or self._peek() not in ("", "OR", ")"):
            tests.append(self._one())
        return tests[0] if len(tests) == 1 else lambda item: all(test(item) for test in tests)

    def _one(self) -> Test:
        self._depth += 1
        if self._depth > _DEPTH:
            raise bad_request("The filter is nested too deeply.", ("filter", "it is nested too deeply"))
        test = self._negation_or_group()
        self._depth -= 1
        return test

    def _negation_or_group(self) -> Test:
        if self._take("NOT") or self._take("-"):
            test = self._one()
            return lambda item: not test(item)
        if self._take("("):
            test = self._either()
            if not self._take(")"):
                raise self._error()
            return test
        return self._comparison()

    def _comparison(self) -> Test:
        field, sign, value = (self._next() for _ in range(3))
        if sign not in _COMPARISONS or not field or field in "()":
            raise self._error()
        compare, read = _COMPARISONS[sign], _reader(field)
        return lambda item: compare(read(item), value)

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self, word: str) -> bool:
        found = self._peek() == word
        self._at += found
        return found

    def _next(self) -> str:
        if self._at >= len(self._tokens):
            raise self._error()
        self._at += 1
        return self._tokens[self._at - 1]

    def _error(self) -> RpcError:
        return bad_request(f"Invalid filter: {self._text}", ("filter", "it cannot be read"))


def _tokens(text: str) -> Iterator[str]:
    at, text = 0, text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if not match:
            raise bad_request(f"Invalid filter: {text}", ("filter", f"unexpected `{text[at:]}`"))
        at = match.end()
        quoted = match["quoted"]
        yield match["sign"] or match["word"] or re.sub(r"\\(.)", r"\1", quoted or "")


def _has(have: Any, want: str) -> bool:
    if isinstance(have, dict):
        return want == "*" or want in have
    if isinstance(have, list):
        return want in map(str, have)
    return have is not None and (want == "*" or want in str(have))


_COMPARISONS: dict[str, Callable[[Any, str], bool]] = {
    "=": lambda have, want: _equal(have, want),
    "!=": lambda have, want: not _equal(have, want),
    "<": lambda have, want: have is not None and str(have) < want,
    "<=": lambda have, want: have is not None and str(have) <= want,
    ">": lambda have, want: have is not None and str(have) > want,
    ">=": lambda have, want: have is not None and str(have) >= want,
    ":": _has,
}


def _equal(have: Any, want: str) -> bool:
    if have is None:
        return want == ""
    if "*" in want:
        return _has_parts(str(have), want.split("*"))
    return str(have) == want


def _has_parts(text: str, parts: Sequence[str]) -> bool:
    """The first at its start, the last at its end, the others between them one after another. A pattern of the `re`
    module with as many stars would try all of the ways to share the text among them."""
    first, *inner, last = parts
    at, end = len(first), len(text) - len(last)
    for part in inner:
        found = text.find(part, at, max(at, end))
        if found < 0:
            return False
        at = found + len(part)
    return at <= end and text.startswith(first) and text.endswith(last)


def _reader(path: str) -> Callable[[Any], Any]:
    """Reads what is at a dotted path in snake_case or camelCase; what follows `labels.` is a key as it stands."""
    names = path.split(".")
    as_it_stands = names.index("labels") + 1 if "labels" in names[:-1] else len(names)
    spelled = [(name, re.sub(r"_(\w)", lambda match: match[1].upper(), name)) for name in names[:as_it_stands]]
    if rest := ".".join(names[as_it_stands:]):
        spelled.append((rest, rest))

    def read(item: Any) -> Any:
        for name, camel in spelled:
            if not isinstance(item, dict):
                return None
            item = item.get(name, item.get(camel))
        return item

    return read
