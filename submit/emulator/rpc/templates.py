"""Path templates of `google.api.http`: `/v1/{name=projects/*/locations/*/customJobs/*}:cancel`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import unquote

_VARIABLE = re.compile(r"\{([\w.]+)(?:=([^}]+))?\}")
_WILD = re.compile(r"\*\*|\*")


@dataclass(frozen=True)
class Template:
    """`variables` are the paths of the fields that the groups of `pattern` are for; `literals` says how specific it is,
    in characters."""

    regex: str
    variables: tuple[str, ...]
    literals: int

    @classmethod
    def parse(cls, text: str) -> Template:
        parts = _VARIABLE.split(text)  # literal, field, its template, literal, …
        regex = _regex(parts[0])
        for wild, literal in zip(parts[2::3], parts[3::3], strict=True):
            regex += f"({_regex(wild or '*')}){_regex(literal)}"
        literals = len(_WILD.sub("", _VARIABLE.sub(lambda match: match[2] or "*", text)))
        return cls(regex, tuple(parts[1::3]), literals)

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Compiled when it is first needed: there are hundreds, and few are ever asked for."""
        return re.compile(self.regex)

    def match(self, path: str) -> Mapping[str, str] | None:
        """Fields' values in a raw (still quoted) path."""
        match = self.pattern.fullmatch(path)
        return match and dict(zip(self.variables, map(unquote, match.groups()), strict=True))


def _regex(text: str) -> str:
    out, end = "", 0
    for wild in _WILD.finditer(text):
        out += re.escape(text[end : wild.start()]) + (".+" if wild[0] == "**" else "[^/]+")
        end = wild.end()
    return out + re.escape(text[end:])
