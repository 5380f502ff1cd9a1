"""Generic handlers for unary and streaming methods, asked by grpc itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2

from submit.emulator.rpc import RpcError, grpc_handler, message_class

SERVICE = "google.logging.v2.LoggingServiceV2"
TAIL_RESPONSE = message_class("google.logging.v2.TailLogEntriesResponse")


async def write(_: Any) -> Any:
    return message_class("google.logging.v2.WriteLogEntriesResponse")()


async def refuse(_: Any) -> Any:
    raise RpcError("NOT_FOUND", "no log", (message_class("google.rpc.ErrorInfo")(reason="GONE"),))


async def stumble(_: Any) -> Any:
    raise ZeroDivisionError("by zero")


async def tail(requests: AsyncIterator[Any]) -> AsyncIterator[Any]:
    async for request in requests:
        if not request.resource_names:
            raise RpcError("INVALID_ARGUMENT", "no resource")
        yield TAIL_RESPONSE(entries=[{"text_payload": request.resource_names[0]}])


def serve(call: Callable[[Any], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        server = grpc.aio.server()
        methods = {"WriteLogEntries": write, "DeleteLog": refuse, "ListLogs": stumble, "TailLogEntries": tail}
        server.add_generic_rpc_handlers([grpc_handler(SERVICE, methods)])
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        try:
            async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
                return await call(channel)
        finally:
            await server.stop(None)
            del server  # now: it needs its loop, and the traceback would keep it

    return asyncio.run(run())


def failure(method: str) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        serve(lambda channel: channel.unary_unary(f"/{SERVICE}/{method}")(b""))
    return caught.value


def test_a_unary_method_answers() -> None:
    assert serve(lambda channel: channel.unary_unary(f"/{SERVICE}/WriteLogEntries")(b"")) == b""


def test_a_refusal_has_its_code_and_details() -> None:
    error = failure("DeleteLog")
    assert (error.code(), error.details()) == (grpc.StatusCode.NOT_FOUND, "no log")
    status = status_pb2.Status.FromString(dict(error.trailing_metadata())["grpc-status-details-bin"])
    info = error_details_pb2.ErrorInfo()
    assert status.details[0].Unpack(info)
    assert info.reason == "GONE"


def test_a_defect_and_a_method_that_is_missing_are_answers_too() -> None:
    assert (failure("ListLogs").code(), failure("ListLogs").details()) == (
        grpc.StatusCode.INTERNAL,
        "ZeroDivisionError: by zero",
    )
    assert failure("ListLogEntries").code() == grpc.StatusCode.UNIMPLEMENTED


def test_a_stream_answers_each_message_until_it_refuses() -> None:
    request = message_class("google.logging.v2.TailLogEntriesRequest")

    async def call(channel: Any) -> tuple[list[str], Any]:
        stream = channel.stream_stream(f"/{SERVICE}/TailLogEntries")()
        seen = []
        for name in ("projects/a", "projects/b"):
            await stream.write(request(resource_names=[name]).SerializeToString())
            seen.append(TAIL_RESPONSE.FromString(await stream.read()).entries[0].text_payload)
        await stream.write(request().SerializeToString())
        with pytest.raises(grpc.aio.AioRpcError, match="no resource"):
            await stream.read()
        return seen, await stream.code()

    assert serve(call) == (["projects/a", "projects/b"], grpc.StatusCode.INVALID_ARGUMENT)


def test_bytes_that_are_no_message_are_an_invalid_argument() -> None:
    async def unary(channel: Any) -> None:
        await channel.unary_unary(f"/{SERVICE}/WriteLogEntries")(b"\xff")

    async def stream(channel: Any) -> None:
        asked = channel.stream_stream(f"/{SERVICE}/TailLogEntries")()
        await asked.write(b"\xff")
        await asked.read()

    for call in (unary, stream):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            serve(call)
        assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
