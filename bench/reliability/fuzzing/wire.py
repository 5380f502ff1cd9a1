"""HTTP/1.1 as bytes: a client library would refuse to send most of what is sent here."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import socket
import time
import zlib
from dataclasses import dataclass
from typing import NamedTuple

HANG_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """`target` as it is sent; `broken`: no HTTP, so that the server may close the connection without an answer."""

    verb: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    broken: bool = False

    def raw(self) -> bytes:
        names = {name.lower() for name, _ in self.headers}
        lines = [f"{self.verb} {self.target} HTTP/1.1"]
        lines += [] if "host" in names else ["Host: localhost"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        lines += [] if names & {"content-length", "transfer-encoding"} else [f"Content-Length: {len(self.body)}"]
        return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace") + self.body

    def __str__(self) -> str:
        return f"{self.verb} {self.target[:200]} {dict(self.headers)} {self.body[:300]!r}"[:700]


class Reply(NamedTuple):
    """`status` is 0 if the connection was closed without an answer."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes
    seconds: float


class Wire:
    """One connection, opened again when it was closed."""

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._socket: socket.socket | None = None

    def ask(self, request: Request) -> Reply:
        """Raises `OSError` and `http.client.HTTPException`; `TimeoutError` after `HANG_S`."""
        if self._socket is None:
            self._socket = socket.create_connection(self._address, HANG_S)
        begin = time.monotonic()
        try:
            status, headers, body, closes = _exchange(self._socket, request)
        except BaseException:
            self.close()
            raise
        if closes:
            self.close()
        return Reply(status, headers, body, time.monotonic() - begin)

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket = None


def _exchange(peer: socket.socket, request: Request) -> tuple[int, http.client.HTTPMessage, bytes, bool]:
    try:
        peer.sendall(request.raw())
        if request.broken:
            with contextlib.suppress(OSError):  # it has closed the connection already
                peer.shutdown(socket.SHUT_WR)  # or it would wait for the rest
        response = http.client.HTTPResponse(peer, method=request.verb)
        with contextlib.closing(response):
            response.begin()
            body = _unpacked(response.read(), response.headers)
            return response.status, response.headers, body, request.broken or response.will_close
    except (ConnectionError, http.client.HTTPException):
        if request.broken:
            return 0, http.client.HTTPMessage(), b"", True
        raise


def _unpacked(body: bytes, headers: http.client.HTTPMessage) -> bytes:
    """What only says that it is packed, as an object may, is as it is."""
    if headers.get("content-encoding") == "gzip":
        with contextlib.suppress(OSError, EOFError, zlib.error):
            return gzip.decompress(body)
    return body
