"""`multipart/related` bodies, taken apart as they stream: a resource in JSON, then a content of any size.

Clients differ in what they send: gcloud writes the boundary in single quotes and ends lines with LF alone.
"""

from __future__ import annotations

import base64
import re
from collections.abc import AsyncIterator

from submit.emulator.storage.errors import StorageError, invalid
from submit.emulator.storage.metadata import Resource
from submit.emulator.storage.request import BODY_LIMIT, parse_object

_BOUNDARY = re.compile(r"""boundary=(?:"([^"]+)"|'([^']+)'|([^\s;,]+))""", re.IGNORECASE)
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")


def boundary(content_type: str) -> bytes:
    """Raises StorageError 400."""
    match = _BOUNDARY.search(content_type)
    if match is None:
        raise invalid("Missing multipart boundary")
    return next(group for group in match.groups() if group).encode("latin1")


class Related:
    """Call `open` for the resource and the content's type, then iterate over `content` once."""

    def __init__(self, chunks: AsyncIterator[bytes], limit: bytes) -> None:
        self._chunks, self._delimiter = chunks, b"--" + limit
        self._buffer = b""
        self._base64 = False

    async def open(self) -> tuple[Resource, str]:
        """Raises StorageError 400 for what is no such body."""
        await self._until(re.compile(re.escape(self._delimiter)))
        await self._until(_BLANK_LINE)
        resource = parse_object(await self._until(re.compile(rb"\r?\n" + re.escape(self._delimiter))))
        headers = (await self._until(_BLANK_LINE)).decode("latin1")
        self._base64 = _header(headers, "content-transfer-encoding").lower() == "base64"
        return resource, _header(headers, "content-type")

    async def content(self) -> AsyncIterator[bytes]:
        """The second part up to the delimiter after it. Raises StorageError 400 when that never comes."""
        if self._base64:
            async for chunk in _decoded(self._raw()):
                yield chunk
        else:
            async for chunk in self._raw():
                yield chunk

    async def _raw(self) -> AsyncIterator[bytes]:
        # The blank line's own line end may be the one that the delimiter needs, when the content is empty.
        end = b"\n" + self._delimiter
        self._buffer = b"\n" + self._buffer
        first = True
        while (found := self._buffer.find(end)) < 0:
            ready, self._buffer = _split(self._buffer, len(end))
            yield ready[first:]
            first = first and not ready
            if not await self._more():
                raise invalid("The multipart body ends before its last delimiter.")
        last = self._buffer[:found]
        yield (last[:-1] if last.endswith(b"\r") else last)[first:]
        async for _ in self._chunks:  # what comes after the delimiter means nothing
            pass

    async def _until(self, mark: re.Pattern[bytes]) -> bytes:
        while (match := mark.search(self._buffer)) is None:
            if len(self._buffer) > BODY_LIMIT:
                raise StorageError(413, f"The resource in the multipart body is longer than {BODY_LIMIT} bytes.")
            if not await self._more():
                raise invalid("The multipart body is not complete.")
        before, self._buffer = self._buffer[: match.start()], self._buffer[match.end() :]
        return before

    async def _more(self) -> bool:
        async for chunk in self._chunks:
            self._buffer += chunk
            return True
        return False


async def _decoded(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    left = b""
    async for chunk in chunks:
        text = left + bytes(chunk).translate(None, b"\r\n ")
        whole = len(text) - len(text) % 4
        left = text[whole:]
        try:
            yield base64.b64decode(text[:whole], validate=True)
        except ValueError as error:
            raise invalid("The content is not valid base64.") from error
    if left:
        raise invalid("The content is not valid base64.")


def _split(buffer: bytes, held_back: int) -> tuple[bytes, bytes]:
    """What cannot be a part of the delimiter any more, and the rest, with a CR that may belong to it."""
    at = max(0, len(buffer) - held_back - 1)
    return buffer[:at], buffer[at:]


def _header(headers: str, name: str) -> str:
    match = re.search(rf"(?im)^{name}:(.*)$", headers)
    return match[1].strip() if match else ""
