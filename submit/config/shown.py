"""What a user wrote, short enough for a message: one line, and not all of a page."""

from __future__ import annotations

import re

MAX_LENGTH = 60

_LITERAL = r"`([^`]*)`"


def shown(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MAX_LENGTH else f"{line[: MAX_LENGTH - 3]}..."


def literals_shown(message: str) -> str:
    """A message with everything between backticks shortened."""
    return re.sub(_LITERAL, lambda found: f"`{shown(found[1])}`", message)
