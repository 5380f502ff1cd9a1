"""What a proxy is asked to connect to: Google is here, everything else is where it is."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any, NamedTuple

from submit.emulator.frontdoor.authority import Certificates
from submit.emulator.frontdoor.hosts import is_google
from submit.emulator.frontdoor.relay import Relay, Waiting
from submit.emulator.frontdoor.upstream import Connection, Upstream

_log = logging.getLogger(__name__)

_ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"


class Door:
    """`certificates` makes them if there are none; `grpc` is where gRPC is served, as a host and a port."""

    def __init__(self, certificates: Callable[[], Certificates], grpc: tuple[str, int], upstream: Upstream) -> None:
        self._certificates, self._grpc, self._upstream = certificates, grpc, upstream
        self._context: ssl.SSLContext | None = None

    async def admit(self, visitor: Visitor, host: str, port: int) -> None:
        """Never raises: what goes wrong is the visitor's answer."""
        visitor.transport.pause_reading()
        try:
            await (self._answer(visitor) if is_google(host) else self._tunnel(visitor, host, port))
        except OSError as error:
            _refuse(visitor.transport, f"{host}:{port} cannot be reached: {error or type(error).__name__}")
        except Exception as error:  # noqa: BLE001 - a defect of ours must not look like a connection that hangs
            _log.exception("a connection to %s:%s failed", host, port)
            _refuse(visitor.transport, f"{type(error).__name__}: {error}")

    async def _answer(self, visitor: Visitor) -> None:
        if self._context is None:
            self._context = await asyncio.to_thread(self._server_context)
        visitor.transport.resume_reading()
        visitor.transport.write(_ESTABLISHED)
        waiting = Waiting()
        try:
            transport = await asyncio.get_running_loop().start_tls(
                visitor.transport, waiting, self._context, server_side=True
            )
        except (OSError, ssl.SSLError):  # it left, or does not trust us
            visitor.transport.close()
            return
        assert transport
        if transport.get_extra_info("ssl_object").selected_alpn_protocol() == "h2":
            server = await asyncio.get_running_loop().create_connection(Waiting, *self._grpc)
            _join(Connection(transport, waiting), Connection(*server), visitor.connections)
        else:
            waiting.hand_over(transport, visitor.http())

    async def _tunnel(self, visitor: Visitor, host: str, port: int) -> None:
        if not ip_address(visitor.transport.get_extra_info("peername")[0]).is_loopback:
            raise ConnectionRefusedError("only programs on the emulator's own machine are led further")
        there = await self._upstream.connect(host, port)
        visitor.transport.write(_ESTABLISHED)
        there.transport.write(visitor.early)
        _join(Connection(visitor.transport, Waiting()), there, visitor.connections)
        visitor.transport.resume_reading()

    def _server_context(self) -> ssl.SSLContext:
        certificates = self._certificates()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificates.server, certificates.key)
        # The first that the client offers as well: curl, which knows both, wants REST; a gRPC client only offers h2.
        context.set_alpn_protocols(["http/1.1", "h2"])
        return context


class Visitor(NamedTuple):
    """A connection that asked for a host, and what it has sent already; `http` makes the protocol that serves REST on
    it, and `connections` are those that the server closes when it stops."""

    transport: asyncio.Transport
    early: bytes
    http: Callable[[], asyncio.Protocol]
    connections: set[Any]


def _join(one: Connection, other: Connection, connections: set[Any]) -> None:
    one.waiting.hand_over(one.transport, Relay(other.transport, connections))
    other.waiting.hand_over(other.transport, Relay(one.transport, connections))


def _refuse(transport: asyncio.Transport, reason: str) -> None:
    body = f"{reason}\n".encode()
    head = f"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n"
    transport.write(f"{head}Connection: close\r\n\r\n".encode() + body)
    transport.close()
