"""`matchGlob` of lists: https://cloud.google.com/storage/docs/json_api/v1/objects/list#list-objects-and-prefixes-using-glob."""

from __future__ import annotations

import re
from typing import Protocol

from submit.emulator.storage.errors import invalid

_TOKEN = re.compile(r"\*\*|\*|\?|\[!?\]?[^\]]*\]|[{},]|.", re.DOTALL)
_SIMPLE = {"**": ".*", "*": "[^/]*", "?": "[^/]"}


class Pattern(Protocol):
    def fullmatch(self, text: str) -> object | None: ...


def compiled(glob: str) -> Pattern:
    """Raises StorageError 400. RE2 takes no longer than the name is long; `re` would try for ever with many stars."""
    import re2

    depth, text = 0, ""
    for token in _TOKEN.findall(glob):
        if token == "{":  # noqa: S105  a brace
            depth, text = depth + 1, text + "(?:"
        elif token == "}" and depth:  # noqa: S105  a brace
            depth, text = depth - 1, text + ")"
        elif token == "," and depth:  # noqa: S105  a comma
            text += "|"
        else:
            text += _plain(token)
    options = re2.Options()
    options.log_errors, options.dot_nl = False, True
    try:
        pattern: Pattern = re2.compile(text, options)
        return pattern
    except re2.error as error:
        raise invalid(f"Invalid glob: {glob[:100]!r}") from error


def _plain(token: str) -> str:
    if token in _SIMPLE:
        return _SIMPLE[token]
    if token.startswith("[") and token.endswith("]") and len(token) > 2:
        negated = token[1] == "!"
        inside = token[2 if negated else 1 : -1].replace("\\", "\\\\").replace("[", "\\[").replace("^", "\\^")
        return f"[{'^' if negated else ''}{inside}]"
    return re.escape(token)
