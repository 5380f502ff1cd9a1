"""One HTTP request as handlers see it, over the ASGI messages."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs, quote

from submit.emulator.storage.errors import StorageError, invalid

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

MEBIBYTE = 1024 * 1024
BODY_LIMIT = 8 * MEBIBYTE
"""For bodies that are read into memory: resources and lists of objects. Contents are streamed and have no limit."""


class Disconnected(Exception):  # noqa: N818  the client went away: nobody is told
    """The client closed the connection before its request was whole."""


class Request:
    """`path` keeps its percent-encoding, because names hold `/`; header names are in lower case."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self._scope, self._receive = scope, receive
        self._ended = False
        self.headers = {key.decode("latin1").lower(): value.decode("latin1") for key, value in scope["headers"]}
        self.method = str(scope["method"])
        if self.method == "POST":
            self.method = self.headers.get("x-http-method-override", self.method)
        raw = scope.get("raw_path") or quote(scope["path"]).encode()
        self.path: str = raw.decode("latin1").partition("?")[0]
        self.queries = parse_qs(scope["query_string"].decode("latin1"), keep_blank_values=True)
        self.query = {key: values[-1] for key, values in self.queries.items()}

    @property
    def base(self) -> str:
        """Where the client believes us to be: links must lead back through the same proxy."""
        scheme = self.headers.get("x-forwarded-proto") or self._scope.get("scheme", "http")
        return f"{scheme}://{self.headers.get('host', 'localhost')}"

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it arrives. Raises Disconnected."""
        while not self._ended:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise Disconnected
            self._ended = not message.get("more_body", False)
            if chunk := message.get("body", b""):
                yield chunk

    async def body(self, limit: int = BODY_LIMIT) -> bytes:
        """The whole body. Raises StorageError 413 when it is longer than `limit` bytes."""
        whole = bytearray()
        async for chunk in self.chunks():
            whole += chunk
            if len(whole) > limit:
                raise StorageError(413, f"The request's body is longer than {limit} bytes.")
        return bytes(whole)

    async def drain(self, limit: int) -> None:
        """Take what the client still sends, so that it reads our answer instead of a reset."""
        taken = 0
        async for chunk in self.chunks():
            taken += len(chunk)
            if taken > limit:
                return

    async def json(self) -> dict[str, Any]:
        return parse_object(await self.body())


def parse_object(text: bytes) -> dict[str, Any]:
    """A JSON object; an empty body is an empty one. Raises StorageError 400."""
    try:
        value = json.loads(text) if text.strip() else {}
    except (ValueError, RecursionError) as error:
        raise invalid("Parse Error", "parseError") from error
    if not isinstance(value, dict):
        raise invalid("Parse Error", "parseError")
    return value
