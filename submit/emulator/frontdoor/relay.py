"""Bytes between two connections, both ways, no faster than the slower one takes them."""

from __future__ import annotations

import asyncio
from typing import Any


class Waiting(asyncio.Protocol):
    """Keeps what arrives until somebody is there to read it."""

    def __init__(self) -> None:
        self._early = bytearray()
        self._lost = False
        self._news = asyncio.Event()

    def data_received(self, data: bytes) -> None:
        self._early += data
        self._news.set()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._lost = True
        self._news.set()

    async def read_until(self, end: bytes) -> bytes:
        """With the end; raises ConnectionError if the connection ends first."""
        while end not in self._early:
            if self._lost:
                raise ConnectionResetError("it closed the connection")
            self._news.clear()
            await self._news.wait()
        length = self._early.index(end) + len(end)
        taken = bytes(self._early[:length])
        del self._early[:length]
        return taken

    def hand_over(self, transport: asyncio.Transport, protocol: asyncio.Protocol) -> None:
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        if self._early:
            protocol.data_received(bytes(self._early))
        if self._lost:
            protocol.connection_lost(None)


class Relay(asyncio.Protocol):
    """One of two ends; `connections` are those that the server closes when it stops."""

    def __init__(self, other: asyncio.Transport, connections: set[Any]) -> None:
        self._other, self._connections = other, connections
        self._own: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._own = transport
        self._connections.add(self)

    def data_received(self, data: bytes) -> None:
        self._other.write(data)

    def eof_received(self) -> bool:
        """Half of a connection may end before the other, except under TLS."""
        assert self._own
        may_go_on = self._own.can_write_eof() and self._other.can_write_eof()
        if may_go_on:
            self._other.write_eof()
        return may_go_on

    def pause_writing(self) -> None:
        self._other.pause_reading()

    def resume_writing(self) -> None:
        self._other.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._connections.discard(self)
        self._other.close()

    def shutdown(self) -> None:
        """As the server's own connections have it."""
        assert self._own
        self._own.close()
