"""Answers gRPC: generic handlers for `grpc.aio`, without generated code."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Mapping
from functools import partial
from typing import Any, NoReturn

from submit.emulator.rpc.answer import message_of
from submit.emulator.rpc.caller import Caller, caller
from submit.emulator.rpc.errors import RpcError, bad_request, unimplemented
from submit.emulator.rpc.messages import Method, message_class, methods

_log = logging.getLogger(__name__)


def grpc_handler(service: str, implementation: Mapping[str, Callable[..., Any]]) -> Any:
    """A `grpc.GenericRpcHandler`; methods that the implementation does not have are answered UNIMPLEMENTED."""
    import grpc

    table = methods()[service]
    return grpc.method_handlers_generic_handler(
        service, {name: _method_handler(method, implementation.get(name)) for name, method in table.items()}
    )


def _method_handler(method: Method, function: Callable[..., Any] | None) -> Any:
    import grpc

    function = function or _refusal(method)
    read = _messages if method.kind.startswith("stream_") else _message
    call = _stream if method.kind.endswith("_stream") else _unary
    # Requests are read within the call: what is no message is refused there as by Google, and by grpc with UNKNOWN.
    return getattr(grpc, f"{method.kind}_rpc_method_handler")(
        call(function, partial(read, method)), response_serializer=lambda message: message.SerializeToString()
    )


def _message(method: Method, data: bytes) -> Any:
    """Types are made when they are first needed: an emulator that starts needs none of them."""
    from google.protobuf.message import DecodeError

    try:
        return message_class(method.request).FromString(data)
    except DecodeError as error:
        raise bad_request(f"Request contains an invalid message: {error}") from error


async def _messages(method: Method, requests: AsyncIterator[bytes]) -> AsyncIterator[Any]:
    async for data in requests:
        yield _message(method, data)


def _unary(function: Callable[..., Any], read: Callable[[Any], Any]) -> Callable[..., Any]:
    async def call(request: Any, context: Any) -> Any:
        caller.set(_caller(context))
        try:
            return message_of(await function(read(request)))
        except Exception as error:  # noqa: BLE001 - every failure has to reach the client
            await abort(context, error)

    return call


def _stream(function: Callable[..., Any], read: Callable[[Any], Any]) -> Callable[..., Any]:
    async def call(request: Any, context: Any) -> AsyncIterator[Any]:
        caller.set(_caller(context))
        try:
            async for response in function(read(request)):
                yield response
        except Exception as error:  # noqa: BLE001
            await abort(context, error)

    return call


def _refusal(method: Method) -> Callable[..., Any]:
    error = unimplemented(f"{method.service}.{method.name}")

    async def unary(_: Any) -> NoReturn:
        raise error

    async def stream(_: Any) -> AsyncIterator[Any]:
        if error:
            raise error
        yield  # makes it a generator

    return stream if method.kind.endswith("_stream") else unary


async def abort(context: Any, error: Exception) -> NoReturn:
    """Ends the call with the error's code and details; what is no `RpcError` is a defect of ours."""
    import grpc

    if not isinstance(error, RpcError):
        _log.exception("a method failed", exc_info=error)
        error = RpcError("INTERNAL", f"{type(error).__name__}: {error}")
    codes = {code.value[0]: code for code in grpc.StatusCode}
    details = (("grpc-status-details-bin", error.to_status().SerializeToString()),)
    await context.abort(codes[error.number], error.message, details)
    raise AssertionError  # abort raises


def _caller(context: Any) -> Caller:
    metadata = {key: value for key, value in context.invocation_metadata() or () if isinstance(value, str)}
    return Caller(metadata)
