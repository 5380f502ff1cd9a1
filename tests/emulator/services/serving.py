"""The services on two ports of loopback, in a thread."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import grpc
import uvicorn

from submit.emulator.rpc.http import App


class Server:
    """`url` is where REST is, `target` where gRPC is, once it was entered."""

    def __init__(self, app: App, handlers: list[Any]) -> None:
        config = uvicorn.Config(app, port=0, http="h11", lifespan="off", log_level="warning")
        self._uvicorn, self._handlers = uvicorn.Server(config), handlers
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))
        self.url = self.target = ""

    def __enter__(self) -> Server:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._uvicorn.should_exit = True
        self._thread.join()

    async def _serve(self) -> None:
        server = grpc.aio.server()
        server.add_generic_rpc_handlers(self._handlers)
        self.target = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
        await server.start()
        rest = asyncio.create_task(self._uvicorn.serve())
        while not self._uvicorn.started:
            await asyncio.sleep(0.005)
        self.url = f"http://127.0.0.1:{self._uvicorn.servers[0].sockets[0].getsockname()[1]}"
        self._ready.set()
        await rest
        await server.stop(None)
