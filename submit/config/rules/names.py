"""Names that the user chooses: labels and environment variables.

https://cloud.google.com/vertex-ai/docs/general/labels
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from submit.config.draft import Draft
from submit.errors import Problem

MAX_LABELS = 64
MAX_LABEL_LENGTH = 64
MAX_VARIABLES = 100
MAX_VARIABLE_LENGTH = 100

_RULE = "Labels have lower-case letters, digits, `_` and `-`; keys start with a letter."
_VARIABLE = r"[A-Za-z_][A-Za-z0-9_]*\Z"


def labels(draft: Draft) -> Iterator[Problem]:
    given = draft.config.labels
    for key, value in given.items():
        path = f"submit.labels.{key}" if f"submit.labels.{key}" in draft.marks else f"labels.{key}"
        if not key or not _is_label(key) or not key[0].isalpha():
            yield draft.error(path, f"`{key}` cannot be the key of a label", _RULE)
        elif not _is_label(value):
            yield draft.error(path, f"`{value}` cannot be the value of a label", _suggest(value))
    if len(given) > MAX_LABELS and not (draft.broken("labels") or draft.broken("submit.labels")):
        yield draft.error("labels", f"{len(given)} labels; {MAX_LABELS} are possible")


def _is_label(text: str) -> bool:
    """Letters of scripts without case are allowed."""
    return len(text) <= MAX_LABEL_LENGTH and all(
        letter in "_-" or (letter.isalnum() and letter == letter.lower()) for letter in text
    )


def _suggest(value: str) -> str:
    if len(value) > MAX_LABEL_LENGTH:
        return f"It has {len(value)} characters; {MAX_LABEL_LENGTH} are possible."
    better = re.sub(r"[^\w-]", "-", value.lower())
    return f'Write "{better}": lower-case letters, digits, `_` and `-`.'


def variables(draft: Draft) -> Iterator[Problem]:
    given = draft.config.env
    for name in given:
        if not re.match(_VARIABLE, name) or len(name) > MAX_VARIABLE_LENGTH:
            hint = f"It has letters, digits and `_`, no digit first, and {MAX_VARIABLE_LENGTH} characters at most."
            yield draft.error(f"submit.env.{name}", f"`{name}` cannot be an environment variable", hint)
    if len(given) > MAX_VARIABLES and not draft.broken("submit.env"):
        yield draft.error("submit.env", f"{len(given)} variables; {MAX_VARIABLES} are possible")


RULES = (labels, variables)
