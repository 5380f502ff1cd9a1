"""Text of a trainer as a terminal may be given it: its colours, but nothing that moves the cursor or hides text."""

from __future__ import annotations

import re
from functools import cache

_COLOUR = r"\x1b\[[0-9;:]*m"
_ESCAPE = (
    r"(?P<colour>\x1b\[[0-9;:]*m)"
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # cursor movements and the like
    r"|\x1b[\]PX^_][^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"  # window titles, links
    r"|\x1b[ -/]*[0-~]"
)
_CONTROL = "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]"
"""Also what changes the direction of text, so that it reads as something else; not tabulator and newline."""

_RESET = "\x1b[0m"


def harmless(text: str, *, colours: bool) -> str:
    """Progress bars become their last state; what cannot be shown becomes `\\x07`, `\\u202e`."""
    if text.isprintable():
        return text
    if "\r" in text:
        text = "\n".join(last_state(line) for line in text.split("\n"))
    colour, escape, control = _patterns()
    if "\x1b" not in text and "\x9b" not in text:
        return control.sub(_written, text)
    parts = escape.split(escape.sub(lambda found: found[0] if colours and found["colour"] else "", text))
    shown = "".join(part if part and colour.fullmatch(part) else control.sub(_written, part or "") for part in parts)
    return shown + _RESET if colour.search(shown) else shown


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """Compiled when something is not printable, which is rare."""
    return re.compile(_COLOUR), re.compile(_ESCAPE), re.compile(_CONTROL)


def last_state(line: str) -> str:
    """What a terminal would show last of a line that overwrites itself with carriage returns."""
    return next((state for state in reversed(line.split("\r")) if state.strip()), "")


def _written(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
