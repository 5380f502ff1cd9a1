"""A front door on a loopback port, and what stands behind it, in a thread of the test."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import uvicorn

from submit.emulator.frontdoor.authority import certificates
from submit.emulator.frontdoor.door import Door
from submit.emulator.frontdoor.protocol import DoorProtocol
from submit.emulator.frontdoor.upstream import Upstream
from submit.emulator.rpc.http import Receive, Scope, Send, read_request, send_json


class Served:
    """`echo` is the port of a server that is not Google's, and answers with what it is sent, as the one for gRPC does.

    `asked` are the heads of all CONNECTs that reached `proxy`, the port of a company's proxy.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: list[str] = []
        self.port = self.echo = self.proxy = 0
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._environ: dict[str, str] = {}

    def __enter__(self) -> Served:
        self._thread.start()
        assert self._ready.wait(20)
        return self

    def __exit__(self, *_: object) -> None:
        self._uvicorn.should_exit = True
        self._thread.join(20)

    def behind(self, environ: Mapping[str, str]) -> Served:
        """With this environment of the user's."""
        self._environ.clear()
        self._environ.update(environ)
        return self

    def connect(self, target: str) -> socket.socket:
        """A connection that has asked for the target, and was not answered yet."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        connection.sendall(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
        return connection

    def through(self, target: str) -> socket.socket:
        connection = self.connect(target)
        assert connection.recv(len(ESTABLISHED), socket.MSG_WAITALL) == ESTABLISHED
        return connection

    def tls(self, host: str, *protocols: str) -> ssl.SSLSocket:
        """To a host of Google's, with its certificate checked."""
        context = ssl.create_default_context(cafile=str(certificates(self.folder).authority))
        context.set_alpn_protocols(list(protocols))
        return context.wrap_socket(self.through(f"{host}:443"), server_hostname=host)

    async def _serve(self) -> None:
        echo = await asyncio.start_server(_echo, "127.0.0.1", 0)
        proxy = await asyncio.start_server(self._be_proxy, "127.0.0.1", 0)
        async with echo, proxy:
            self.echo, self.proxy = (server.sockets[0].getsockname()[1] for server in (echo, proxy))
            await self._serve_door()

    async def _serve_door(self) -> None:
        door = Door(lambda: certificates(self.folder), ("127.0.0.1", self.echo), Upstream(self._environ))
        http: Any = partial(DoorProtocol, door)
        self._uvicorn = uvicorn.Server(uvicorn.Config(_show, port=0, http=http, lifespan="off", log_level="warning"))
        serving = asyncio.ensure_future(self._uvicorn.serve())
        while not self._uvicorn.started:
            await asyncio.sleep(0.005)
        self.port = self._uvicorn.servers[0].sockets[0].getsockname()[1]
        self._ready.set()
        await serving

    async def _be_proxy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.asked.append(head)
        host, port = head.split()[1].rsplit(":", 1)
        if host == "refused.example":
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
        else:
            other, to = await asyncio.open_connection("127.0.0.1", int(port))
            writer.write(b"HTTP/1.0 200 OK\r\nVia: company\r\n\r\n")
            to.write(await reader.readline())
            writer.write(await other.readline())
            to.close()
        writer.close()


ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.write(b"end")  # the other half is still open
    writer.close()


async def _show(scope: Scope, receive: Receive, send: Send) -> None:
    request = await read_request(scope, receive)
    answer = {"scheme": scope["scheme"], "path": request.path, "headers": request.headers, "size": len(request.body)}
    await send_json(send, {}, 200, answer)
