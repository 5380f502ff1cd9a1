"""HTTP on a port that is an HTTPS proxy as well.

It is uvicorn's with h11, which keeps the case of header names: TensorFlow looks for `Location`, and for nothing else.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import h11

from submit.emulator.control.connection import CuttableProtocol
from submit.emulator.frontdoor import heads
from submit.emulator.frontdoor.door import Door, Visitor


class TolerantProtocol(CuttableProtocol):
    """Looks at the head of each request before h11 does, which refuses what TensorFlow sends."""

    _head = b""

    def data_received(self, data: bytes) -> None:
        if self.conn.their_state is not h11.IDLE:
            super().data_received(data)
            return
        found = heads.split(self._head + data)
        self._head = b"" if found else self._head + data
        if found:
            self.head_received(heads.tolerated(found[0]), found[1])

    def head_received(self, head: bytes, rest: bytes) -> None:
        super().data_received(head + rest)

    def send_400_response(self, msg: str) -> None:
        """If the body turns out to be no HTTP, the call that reads it has nobody left whom it could answer."""
        if self.cycle is not None:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            super().send_400_response(msg)
        else:
            self.transport.close()


class DoorProtocol(TolerantProtocol):
    """Leaves its connection to the `door` when it is asked to connect to another host."""

    def __init__(self, door: Door, **known: Any) -> None:
        super().__init__(**known)
        self._door, self._again = door, partial(TolerantProtocol, **known)

    def head_received(self, head: bytes, rest: bytes) -> None:
        target = heads.connect_target(head)
        if target is None:
            super().head_received(head, rest)
            return
        self.connections.discard(self)
        visitor = Visitor(self.transport, rest, self._again, self.connections)
        task = asyncio.ensure_future(self._door.admit(visitor, *target))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
