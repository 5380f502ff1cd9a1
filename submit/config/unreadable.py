"""What keeps a file from being YAML, in words for people."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from submit.config.shown import literals_shown
from submit.errors import Place, Problem, UsageError

if TYPE_CHECKING:
    import yaml


MAX_DEPTH = 32
"""levels of lists and mappings within each other; what a config means has fewer than ten"""

TOO_DEEP = f"this is nested more than {MAX_DEPTH} levels deep"


def refuse(message: str, place: Place, hint: str = "") -> UsageError:
    return UsageError(Problem(message=literals_shown(message), place=place, hint=hint))


def unreadable(error: yaml.YAMLError, text: str, file: str) -> UsageError:
    """A character that YAML does not allow; PyYAML gives its position in characters or, from C, in bytes."""
    found = re.search(_CONTROL, text)
    if found is None:
        return refuse(f"this is not YAML: {getattr(error, 'reason', error)}", Place(file=file, line=1))
    index = found.start()
    place = Place(file=file, line=text.count("\n", 0, index) + 1, column=index - text.rfind("\n", 0, index))
    return refuse(f"the control character U+{ord(found[0]):04X} is not allowed", place, hint="Remove it.")


_CONTROL = "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]"


def explain(error: yaml.MarkedYAMLError, text: str, file: str) -> UsageError:
    opened = any(sign in (error.problem or "") for sign in _UNCLOSED)
    mark = (error.context_mark if opened else None) or error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    lines = text.splitlines() or [""]
    line = min(line, len(lines) - 1)
    place = Place(file=file, line=line + 1, column=column + 1)
    start = lines[line]
    if "\t" in start[: len(start) - len(start.lstrip())]:
        place = Place(file=file, line=line + 1, column=start.index("\t") + 1)
        return refuse("the line is indented with a tab", place, hint="YAML is indented with spaces only.")
    message, hint = _advice(error.problem or "", start[column : column + 1])
    return refuse(message, place, hint)


_UNCLOSED = ("unexpected end of stream", "expected ',' or ']'", "expected ',' or '}'")
"""Problems that are noticed at the end of what was never closed; they are shown where it was opened."""

_ADVICE = (
    ("exceeded maximum nesting depth", TOO_DEEP, ""),  # PyYAML has read on and met its own limit, which is higher
    (
        "mapping values are not allowed",
        "a second `:` in one value",
        "Text with `: ` in it needs quotes; or does the line above lack its `:`?",
    ),
    ("cannot start any token", "text cannot start with `{character}`", "Put it in quotes."),
    ("unexpected end of stream", "a quote is opened and never closed", ""),
    ("expected ',' or ']'", "a list in `[` is never closed", ""),
    ("expected ',' or '}'", "a mapping in `{{` is never closed", ""),
    ("expected ':'", "this is not a `key: value`", "Is there a `:` and a space behind the key?"),
    ("expected key", "the indentation does not fit the lines above", "Keys of one mapping start in the same column."),
    ("expected '-' indicator", "the indentation does not fit the list above", "Every item starts with `- `."),
    (
        "expected <block end>",
        "the indentation does not fit the lines above",
        "Keys of one mapping start in one column.",
    ),
)


def _advice(problem: str, character: str) -> tuple[str, str]:
    for sign, message, hint in _ADVICE:
        if sign in problem:
            return message.format(character=character), hint
    return f"this is not YAML: {problem}", ""
