"""Bytes → values with places. Bounded: whatever the bytes are, this ends soon and says what is wrong with them."""

from __future__ import annotations

from submit.config.compose import Composer
from submit.config.tree import Scalar, Tree
from submit.config.unreadable import refuse
from submit.errors import Place, Problem, UsageError

MAX_BYTES = 1 << 20
READ_LIMIT = MAX_BYTES + 1
"""In bytes; one more than is accepted, so that `read` can refuse it."""


def read(text: bytes, file: str) -> tuple[Tree | None, list[Problem]]:
    """The only document of a YAML file, None if there is nothing but comments in it, and the keys that stand twice.

    Raises `UsageError` with the place of the first thing that keeps the file from being read.
    """
    composer = Composer(file)
    return composer.document(_decode(text, file)), composer.problems


def read_value(text: str, place: Place) -> Tree:
    """A value from a command line as YAML; a word is what was typed. All of it stands at `place`."""
    try:
        tree = Composer(place.file, fixed=place).document(text)
    except UsageError as error:
        raise refuse(error.problems[0].message, place, hint="Put the value in quotes if it is text.") from None
    return tree if tree is not None else Scalar("", "text", False, place)


def _decode(text: bytes, file: str) -> str:
    if len(text) > MAX_BYTES:
        raise refuse(
            f"the file has {len(text):,} bytes; a config has at most {MAX_BYTES:,}",
            Place(file=file, line=1),
            hint="Is this the right file?",
        )
    if text.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in text[:4]:
        raise refuse("the file is UTF-16, not UTF-8", Place(file=file, line=1), hint="Save it again as UTF-8.")
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = text[: error.start]
        place = Place(file=file, line=before.count(b"\n") + 1, column=error.start - before.rfind(b"\n"))
        byte = text[error.start]
        raise refuse(f"byte 0x{byte:02x} is not UTF-8", place, hint="Save the file as UTF-8.") from None
