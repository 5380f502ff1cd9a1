"""`matchGlob` of lists: https://cloud.google.com/storage/docs/json_api/v1/objects/list#list-objects-and-prefixes-using-glob."""

from __future__ import annotations

import re

from submit.emulator.storage.errors import invalid

_TOKEN = re.compile(r"\*\*|\*|\?|\[!?\]?[^\]]*\]|[{},]|.", re.DOTALL)
_SIMPLE = {"**": ".*", "*": "[^/]*", "?": "[^/]"}


def compiled(glob: str) -> re.Pattern[str]:
    """Raises StorageError 400."""
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
    try:
        return re.compile(text, re.DOTALL)
    except re.error as error:
        raise invalid(f"Invalid glob: {glob[:100]!r}") from error


def _plain(token: str) -> str:
    if token in _SIMPLE:
        return _SIMPLE[token]
    if token.startswith("[") and token.endswith("]") and len(token) > 2:
        negated = token[1] == "!"
        inside = token[2 if negated else 1 : -1].replace("\\", "\\\\").replace("[", "\\[").replace("^", "\\^")
        return f"[{'^' if negated else ''}{inside}]"
    return re.escape(token)
