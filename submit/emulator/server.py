"""The emulator's process: REST on one port, gRPC on another, one event loop, the engine behind both.

`python -m submit.emulator.server DATA_DIR OPTIONS`, for `submit emulator start`. It listens on loopback unless it was
told otherwise.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import functools
import json
import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from submit.emulator import environment, logs
from submit.emulator.control import endpoints
from submit.emulator.control.api import FaultsApi, control_app
from submit.emulator.control.capacity_api import CapacityApi
from submit.emulator.control.faults import FaultBook
from submit.emulator.control.reset import ResetApi
from submit.emulator.control.rest_faults import RestFaults
from submit.emulator.frontdoor.authority import certificates
from submit.emulator.frontdoor.door import Door
from submit.emulator.frontdoor.metadata_server import MetadataServer
from submit.emulator.frontdoor.upstream import Upstream
from submit.emulator.guard import Guard
from submit.emulator.listener import listen_again
from submit.emulator.options import LOOPBACK, Options, is_loopback, is_wildcard, netloc
from submit.emulator.ownership import end_jobs, is_gone, until_gone
from submit.emulator.process import LOCK, READY
from submit.emulator.router import Router
from submit.emulator.rpc.http import App
from submit.emulator.services import serve as services
from submit.emulator.services.serve import Services
from submit.emulator.storage import app as storage
from submit.engine import Engine

PORT = "port"
LOCK_S = 0.5


class AlreadyRunningError(Exception):
    """Another emulator holds the data folder."""


async def serve(data: Path, options: Options) -> None:
    """Serves until SIGTERM or SIGINT; `emulator.json` in the data folder is there as long as it answers."""
    buckets = data / "buckets"
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(listen_again(options.host, options.port, data / PORT))
        host, port = _address(options), listener.getsockname()[1]
        engine = stack.enter_context(closing(_engine(data, buckets, options, netloc(host, port))))
        store = stack.enter_context(closing(storage.create(data / "storage", buckets)))
        jobs = stack.enter_context(closing(services.create(engine, data, buckets, store.location)))
        entries = stack.enter_context(closing(logs.create(engine, data)))
        faults = FaultBook()
        handlers = [*jobs.grpc_handlers(), *entries.grpc_handlers()]
        grpc_server, grpc_port = await _start_grpc(options.host, handlers, faults)
        apps: dict[str, App] = {
            "storage": store,
            "services": jobs.app,
            "logs": entries.app,
            "control": _control(engine, faults, jobs, entries, store, grpc_port),
            "metadata": MetadataServer(environment.project_of(os.environ), environment.region_of(os.environ)),
        }
        app = RestFaults(Router(apps, buckets), faults)
        door = Door(lambda: certificates(environment.door(data)), (host, grpc_port), Upstream(os.environ))
        rest = _rest_server(Guard(app, any_host=not is_loopback(options.host)), door)
        try:
            with _owned(options.owner, rest):
                await _run(rest, listener, data / READY, grpc_port)
        finally:
            await grpc_server.stop(0.5)
        if options.owner:
            await asyncio.to_thread(end_jobs, engine)


@contextlib.contextmanager
def _owned(owner: int | None, rest: Any) -> Iterator[None]:
    """Ends the server when its owner has died."""
    if owner is None:
        yield
        return
    watch = asyncio.ensure_future(until_gone(owner))
    watch.add_done_callback(lambda _: setattr(rest, "should_exit", True))
    yield
    watch.cancel()


def _engine(data: Path, buckets: Path, options: Options, rest: str) -> Engine:
    """Its trainers find the emulator as programs of the user's do."""

    @functools.cache
    def environ() -> Mapping[str, str]:
        return {**os.environ, **environment.variables(rest, data, os.environ)}

    cache, concurrency = Path(options.cache), options.concurrency
    return Engine(data / "engine", cache=cache, bucket_root=buckets, concurrency=concurrency, environ=environ)


def _control(
    engine: Engine, faults: FaultBook, jobs: Services, entries: logs.Logs, store: storage.Storage, grpc_port: int
) -> App:
    return control_app(
        [
            *FaultsApi(faults).routes(),
            *CapacityApi(jobs.capacity, engine).routes(),
            *ResetApi(engine, faults, jobs, entries, store).routes(),
            *entries.routes(),
            *endpoints.routes(grpc_port),
        ]
    )


async def _start_grpc(host: str, handlers: Sequence[Any], faults: FaultBook) -> tuple[Any, int]:
    import grpc.aio

    from submit.emulator.control.grpc_faults import GrpcFaults

    server = grpc.aio.server(interceptors=[GrpcFaults(faults)])
    server.add_generic_rpc_handlers(tuple(handlers))
    port = server.add_insecure_port(netloc(host, 0))
    await server.start()
    return server, port


def _address(options: Options) -> str:
    """Where programs on this machine find it."""
    return LOOPBACK if is_wildcard(options.host) else options.host


def _rest_server(app: App, door: Door) -> Any:
    import uvicorn

    from submit.emulator.frontdoor.protocol import DoorProtocol

    class Server(uvicorn.Server):
        """Sends itself no signal when it has stopped, as its base does: there is more to put in order than requests."""

        def capture_signals(self) -> contextlib.AbstractContextManager[None]:  # type: ignore[override]
            for number in (signal.SIGTERM, signal.SIGINT):
                asyncio.get_running_loop().add_signal_handler(number, self.handle_exit, number, None)
            return contextlib.nullcontext()

    http: Any = functools.partial(DoorProtocol, door)
    config = uvicorn.Config(
        app,
        http=http,
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        timeout_keep_alive=600,  # as Google's front ends: whoever comes back after a minute finds the connection
        timeout_graceful_shutdown=1,  # a client that follows a log may be held for minutes
    )
    return Server(config)


async def _run(rest: Any, listener: socket.socket, ready: Path, grpc_port: int) -> None:
    serving = asyncio.ensure_future(rest.serve(sockets=[listener]))
    while not rest.started and not serving.done():
        await asyncio.sleep(0.002)
    host, port = listener.getsockname()[:2]
    where = {"pid": os.getpid(), "host": host, "port": port, "grpc_port": grpc_port}
    unfinished = ready.with_suffix(".part")
    unfinished.write_text(json.dumps(where))
    unfinished.replace(ready)
    try:
        await serving
    finally:
        ready.unlink(missing_ok=True)


def _lock(data: Path) -> int:
    """Held as long as this process lives. Who only looks whether it is held holds it for an instant."""
    file = os.open(data / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + LOCK_S
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() > deadline:
                raise AlreadyRunningError(f"an emulator is running on {data} already") from error
            time.sleep(0.005)
        else:
            return file


def main() -> None:
    data, options = Path(sys.argv[1]), Options.parse(sys.argv[2])
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = _lock(data)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(data, options))
    if options.owner and is_gone(options.owner):
        shutil.rmtree(data, ignore_errors=True)  # who would have removed it was killed
    os.close(lock)


if __name__ == "__main__":
    main()
