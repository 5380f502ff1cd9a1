"""Messages between replicas over TCP: a mark, the length, and so many bytes, which are never run or unpickled."""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING

from trainer.errors import PeerLost

if TYPE_CHECKING:
    from trainer.termination import Termination

_MARK = b"TRN1"
_HEADER = struct.Struct(">4sQ")


class Connection:
    """A connection to the replica `name`. Whatever goes wrong is `PeerLost`; waiting ends at a signal to this process.

    `timeout` is in seconds, for the other side to send or take anything at all.
    """

    def __init__(self, sock: socket.socket, name: str, *, timeout: float, termination: Termination) -> None:
        self.name = name
        self._socket = sock
        self._timeout = timeout
        self._termination = termination
        sock.settimeout(timeout)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, payload: bytes) -> None:
        try:
            with self._termination.interruptible():
                self._socket.sendall(_HEADER.pack(_MARK, len(payload)) + payload)
        except OSError as error:
            raise self._lost(error) from error

    def receive(self, limit: int) -> bytes:
        """The next message; one of more than `limit` bytes is refused."""
        try:
            with self._termination.interruptible():
                mark, length = _HEADER.unpack(self._exactly(_HEADER.size))
                if mark != _MARK or length > limit:
                    raise PeerLost(f"{self.name} sent something that is not a message")
                return self._exactly(length)
        except OSError as error:
            raise self._lost(error) from error

    def _exactly(self, length: int) -> bytes:
        data = bytearray()
        while len(data) < length:
            part = self._socket.recv(min(length - len(data), 1 << 20))
            if not part:
                raise PeerLost(f"{self.name} has closed the connection: see its own log")
            data += part
        return bytes(data)

    def _lost(self, error: OSError) -> PeerLost:
        if isinstance(error, socket.timeout):
            return PeerLost(f"{self.name} has been silent for {self._timeout:g} s")
        return PeerLost(f"the connection to {self.name} broke: {error.strerror or error}")


def parse_address(text: str) -> tuple[str, int]:
    """`host:port`; a `ValueError` if it is not that."""
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)
