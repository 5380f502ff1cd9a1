"""Faults in gRPC: an interceptor in front of all methods.

A single call cannot cut the connection that it shares with others, so what a client would see of that is answered:
UNAVAILABLE, as a reset of the stream is reported.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, NoReturn

import grpc
import grpc.aio

from submit.emulator.control.faults import ACTS, STATUSES, Fault, FaultBook
from submit.emulator.control.method_names import grpc_names
from submit.emulator.rpc.errors import RpcError, retry_info
from submit.emulator.rpc.grpc_service import abort

_RESET = ("UNAVAILABLE", "recvmsg:Connection reset by peer")
_ANSWERS = {
    **STATUSES,
    "html": ("UNKNOWN", "Received http2 header with status: 200, content-type: text/html"),
}


class GrpcFaults(grpc.aio.ServerInterceptor):  # type: ignore[misc]  # grpc has no types
    def __init__(self, book: FaultBook) -> None:
        self._book = book

    async def intercept_service(self, continuation: Callable[[Any], Awaitable[Any]], details: Any) -> Any:
        handler = await continuation(details)
        fault = self._book.take(grpc_names(details.method)) if self._book and handler is not None else None
        return handler if fault is None else _struck(handler, fault)


def _struck(handler: Any, fault: Fault) -> Any:
    """A handler of the same kind that does what the fault says."""
    kind = f"{_word(handler.request_streaming)}_{_word(handler.response_streaming)}"
    method = getattr(handler, kind)
    call = _stream(method, fault) if handler.response_streaming else _unary(method, fault)
    return getattr(grpc, f"{kind}_rpc_method_handler")(
        call, request_deserializer=handler.request_deserializer, response_serializer=handler.response_serializer
    )


def _word(streams: bool) -> str:
    return "stream" if streams else "unary"


def _unary(method: Callable[..., Any], fault: Fault) -> Callable[..., Any]:
    async def call(request: Any, context: Any) -> Any:
        if fault.answer in ACTS:
            await method(request, context)
        await _fail(fault, context)

    return call


def _stream(method: Callable[..., Any], fault: Fault) -> Callable[..., Any]:
    async def call(request: Any, context: Any) -> AsyncIterator[Any]:
        if fault.answer in ACTS:
            async for response in method(request, context):
                if fault.answer in ("reset-after", "hang-after"):
                    break
                yield response
                break
        await _fail(fault, context)

    return call


async def _fail(fault: Fault, context: Any) -> NoReturn:
    if fault.answer in ("hang", "hang-after"):
        await asyncio.Event().wait()  # until the client's deadline, which cancels us
    code, words = _ANSWERS.get(fault.answer, _RESET)
    details = () if fault.retry_after_s is None else (retry_info(fault.retry_after_s),)
    await abort(context, RpcError(code, words, details))
