"""The filter language's syntax tree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from submit.emulator.logs.fields import field_path
from submit.emulator.logs.tokens import FilterError, Token, tokens, unexpected

_DEPTH = 64


@dataclass(frozen=True, slots=True)
class Comparison:
    """`path` is the field as in a LogEntry's JSON; () is any field. `wild` is an unquoted `*`."""

    path: tuple[str, ...]
    operator: str
    value: str
    wild: bool = False


@dataclass(frozen=True, slots=True)
class And:
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: Node


Node: TypeAlias = Comparison | And | Or | Not

EVERYTHING = And(())


def parse(text: str) -> Node:
    """Raises `FilterError`. OR binds stronger than AND, as in Cloud Logging, which may be left out."""
    return _Parser(text).whole()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text, self._tokens, self._next, self._depth = text, list(tokens(text)), 0, 0

    def whole(self) -> Node:
        if self._peek().kind == "end":
            return EVERYTHING
        node = self._conjunction()
        self._take("end")
        return node

    def _conjunction(self) -> Node:
        parts = [self._disjunction()]
        while self._peek().kind not in ("end", ")"):
            if self._peek().kind == "AND":
                self._take("AND")
            parts.append(self._disjunction())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _disjunction(self) -> Node:
        parts = [self._term()]
        while self._peek().kind == "OR":
            self._take("OR")
            parts.append(self._term())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _term(self) -> Node:
        self._depth += 1
        if self._depth > _DEPTH:
            raise FilterError("the filter is nested too deeply")
        node = self._negation() or self._group() or self._comparison()
        self._depth -= 1
        return node

    def _negation(self) -> Node | None:
        """`NOT x`, or `-x` without a space."""
        token = self._peek()
        if token.kind == "NOT":
            self._take("NOT")
            return Not(self._term())
        if token.kind != "text" or not token.raw.startswith("-"):
            return None
        if token.raw == "-":
            self._take("text")
        else:
            first, *others = token.segments
            segments = tuple(segment for segment in (first[1:], *others) if segment)
            self._tokens[self._next] = Token("text", token.raw[1:], token.position + 1, segments)
        return Not(self._term())

    def _group(self) -> Node | None:
        if self._peek().kind != "(":
            return None
        self._take("(")
        node = self._conjunction()
        self._take(")")
        return node

    def _comparison(self) -> Node:
        left = self._take("text")
        if self._peek().kind != "operator":
            return Comparison((), ":", ".".join(left.segments))
        path, operator = field_path(left.segments), self._take("operator").raw
        return self._values(path, operator)

    def _values(self, path: tuple[str, ...], operator: str) -> Node:
        """One value, or several in brackets: `severity=(ERROR OR WARNING)`."""
        if self._peek().kind != "(":
            return self._value(path, operator)
        self._take("(")
        parts = [self._value(path, operator)]
        joint = self._peek().kind
        while self._peek().kind in ("AND", "OR"):
            self._take(joint)  # both without brackets would be ambiguous to a reader
            parts.append(self._value(path, operator))
        self._take(")")
        return And(tuple(parts)) if joint == "AND" else Or(tuple(parts))

    def _value(self, path: tuple[str, ...], operator: str) -> Node:
        if self._peek().kind == "NOT":
            self._take("NOT")
            return Not(self._value_alone(path, operator))
        return self._value_alone(path, operator)

    def _value_alone(self, path: tuple[str, ...], operator: str) -> Node:
        token = self._take("text")
        return Comparison(path, operator, ".".join(token.segments), wild=token.raw == "*")

    def _peek(self) -> Token:
        return self._tokens[self._next]

    def _take(self, kind: str) -> Token:
        token = self._peek()
        if token.kind != kind:
            raise unexpected(self._text, token)
        self._next += 1
        return token
