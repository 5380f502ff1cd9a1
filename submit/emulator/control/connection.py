"""Cutting a client's connection, of which ASGI knows nothing."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from submit.emulator.rpc.http import Receive, Scope

_TRANSPORT = "transport"


class CuttableProtocol(H11Protocol):
    """uvicorn's own, for `uvicorn.Config(http=…)`; every request's `scope["state"]` leads to its transport."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {**self.app_state, _TRANSPORT: transport}


async def reset(scope: Scope, receive: Receive) -> None:
    """The client sees `Connection reset by peer`."""
    transport = _transport(scope)
    # Closing a socket that lingers for no time sends a reset instead of an orderly end.
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
    await until_gone(receive)


async def close(scope: Scope, receive: Receive) -> None:
    """What was sent arrives, then the connection ends in an orderly way."""
    _transport(scope).close()
    await until_gone(receive)


async def until_gone(receive: Receive) -> None:
    """Takes what the client still sends, until it is no longer there: uvicorn would answer for us."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _transport(scope: Scope) -> Any:
    return scope["state"][_TRANSPORT]
