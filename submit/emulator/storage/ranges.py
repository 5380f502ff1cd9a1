"""The `Range` header: https://www.rfc-editor.org/rfc/rfc9110#name-byte-ranges."""

from __future__ import annotations

import re

from submit.emulator.storage.errors import StorageError

_RANGE = re.compile(r"bytes=(\d*)-(\d*)", re.ASCII)


def asked(header: str, size: int) -> tuple[int, int] | None:
    """First byte and end (exclusive) of what is asked of `size` bytes; None for all of it.

    Raises StorageError 416 when no byte is in the range. Several ranges at once are answered with everything.
    """
    match = _RANGE.fullmatch(header.strip())
    if match is None or header.strip() == "bytes=-":
        return None
    first, last = match.groups()
    start = int(first) if first else max(0, size - int(last))
    end = min(size, int(last) + 1) if first and last else size
    if first and last and int(last) < int(first):
        return None
    if start < end:
        return start, end
    if size == 0 and start == 0:
        return None  # the service has mercy on readers of empty objects
    message = "The requested range cannot be satisfied."
    raise StorageError(416, message, headers={"content-range": f"bytes */{size}"})
