"""The filter language's words: https://cloud.google.com/logging/docs/view/logging-query-language."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

FILTER_CHARACTERS = 20_000
"""https://cloud.google.com/logging/quotas"""

_SEGMENT = r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s()"'=!<>:~,.]+)"""
_WORDS = re.compile(
    rf"""(?P<space>\s+|--[^\n]*)
    |(?P<time>\d{{4}}-\d\d-\d\d[Tt][\d:.]+(?:[Zz]|[+-]\d\d:?\d\d)?)
    |(?P<operator>!=|!~|>=|<=|=~|=|>|<|:)
    |(?P<bracket>[()])
    |(?P<text>{_SEGMENT}(?:\.{_SEGMENT})*)""",
    re.VERBOSE | re.DOTALL,
)
_PARTS = re.compile(_SEGMENT, re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


class FilterError(ValueError):
    """The filter cannot be read; the text is Google's."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"Unparseable filter: {reason}")


class Token(NamedTuple):
    """`kind` is `text`, `operator`, `(`, `)`, `AND`, `OR`, `NOT` or `end`; a text's `segments` are without quotes."""

    kind: str
    raw: str
    position: int
    segments: tuple[str, ...] = ()


def tokens(text: str) -> Iterator[Token]:
    """Ends with a token `end`. Raises `FilterError`."""
    if len(text) > FILTER_CHARACTERS:
        raise FilterError(f"the filter has more than {FILTER_CHARACTERS} characters")
    position = 0
    while position < len(text):
        match = _WORDS.match(text, position)
        if match is None:
            raise unexpected(text, Token("text", text[position], position))
        if match.lastgroup != "space":
            yield _token(match)
        position = match.end()
    yield Token("end", "<EOF>", len(text))


def unexpected(text: str, token: Token) -> FilterError:
    line = text.count("\n", 0, token.position) + 1
    column = token.position - text.rfind("\n", 0, token.position)
    return FilterError(f"syntax error at line {line}, column {column}, token '{token.raw}'")


def _token(match: re.Match[str]) -> Token:
    raw, position = match.group(), match.start()
    if match.lastgroup == "time":
        return Token("text", raw, position, (raw,))
    if match.lastgroup == "text" and raw not in ("AND", "OR", "NOT"):
        return Token("text", raw, position, tuple(_unquoted(part) for part in _PARTS.findall(raw)))
    return Token("operator" if match.lastgroup == "operator" else raw, raw, position)


def _unquoted(segment: str) -> str:
    if segment[0] not in ("'", '"'):
        return segment
    return re.sub(r"\\(.)", lambda escape: _ESCAPES.get(escape[1], _kept(escape)), segment[1:-1], flags=re.DOTALL)


def _kept(escape: re.Match[str]) -> str:
    r"""Only quotes and the backslash itself are escaped; `\d` of a regular expression stays as it is."""
    return escape[1] if escape[1] in "\\\"'" else escape[0]
