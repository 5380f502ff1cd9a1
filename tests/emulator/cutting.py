"""A proxy on loopback that cuts the connections through it, as a bad network does."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType


class Cutting:
    """Leads to whatever `port_of` says when a client connects; `answer` may answer a request itself, by its beginning.

    `cuts` counts the connections that were reset.
    """

    def __init__(
        self, port_of: Callable[[], int | None], answer: Callable[[bytes], bytes] = lambda _: b"", every_s: float = 2.0
    ) -> None:
        self._port_of, self._answer, self._every_s = port_of, answer, every_s
        self._open: set[asyncio.StreamWriter] = set()
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=lambda: self._loop.run_until_complete(self._serve()))
        self.port = self.cuts = 0

    def __enter__(self) -> Cutting:
        self._stop = asyncio.Event()
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._loop.close()

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._lead, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        while not self._stop.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), self._every_s)
            self._cut()
        server.close()
        while others := asyncio.all_tasks() - {asyncio.current_task()}:
            self._cut()
            await asyncio.wait(others, timeout=0.1)

    def _cut(self) -> None:
        for writer in self._open:
            self.cuts += 1
            with suppress(OSError):  # closing a socket that lingers for no time resets its connection
                linger = struct.pack("ii", 1, 0)
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            writer.transport.abort()
        self._open.clear()

    async def _lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        with suppress(OSError):
            first = await reader.read(65536)
            if answer := self._answer(first):
                writer.write(answer)
                await writer.drain()
            elif port := self._port_of():
                await self._through(first, reader, writer, port)
        self._open.discard(writer)
        writer.close()

    async def _through(
        self, first: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int
    ) -> None:
        there, to_there = await asyncio.open_connection("127.0.0.1", port)
        self._open.add(to_there)
        to_there.write(first)
        ways = [asyncio.ensure_future(_pump(reader, to_there)), asyncio.ensure_future(_pump(there, writer))]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        self._open.discard(to_there)
        to_there.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
