"""Which names buckets and objects may have, and which of them can be a path of a file below a folder."""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from submit.emulator.storage.errors import invalid

_BUCKET = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]", re.ASCII)
"""https://cloud.google.com/storage/docs/buckets#naming; never hidden, never a path."""

NAME_BYTES = 1024
PART_BYTES = 255
"""The longest name of a file on every file system that we are likely to meet."""


def is_bucket_name(name: str) -> bool:
    return _BUCKET.fullmatch(name) is not None


def check_object_name(name: object) -> str:
    """The rules of https://cloud.google.com/storage/docs/objects#naming. Raises StorageError 400."""
    if not isinstance(name, str) or not name:
        raise invalid("Required object name missing", "required")
    try:
        length = len(name.encode())
    except UnicodeEncodeError as error:
        raise invalid("Object name is not valid UTF-8.") from error
    if length > NAME_BYTES or name in (".", "..") or "\r" in name or "\n" in name:
        raise invalid(f"Invalid object name: {name[:100]!r}")
    return name


def decoded(part: str) -> str:
    """A part of a percent-encoded path. Raises StorageError 400 when it is no UTF-8."""
    try:
        return unquote_to_bytes(part).decode()
    except UnicodeDecodeError as error:
        raise invalid("The path is not valid UTF-8.") from error


def as_parts(name: str) -> tuple[str, ...] | None:
    """The folders and the file that an object's name means; None when it cannot be a path inside of the bucket."""
    parts = tuple(name.split("/"))
    return parts if all(_is_file_name(part) for part in parts) else None


def _is_file_name(part: str) -> bool:
    return part not in ("", ".", "..") and "\0" not in part and len(part.encode()) <= PART_BYTES
