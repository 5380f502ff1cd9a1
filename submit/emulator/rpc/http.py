"""An HTTP request and its JSON answer, over ASGI."""

from __future__ import annotations

import gzip
import json
import logging
import zlib
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, NamedTuple, TypeAlias
from urllib.parse import parse_qsl

from submit.emulator.rpc.answer import JsonText
from submit.emulator.rpc.errors import RpcError, bad_request

_log = logging.getLogger(__name__)

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

BODY_BYTES = 16 << 20
_GZIP_FROM = 1400
"""Smaller answers fit a packet as they are."""


class Request(NamedTuple):
    """`path` is raw (quoted); headers have names in lower case; `body` is decompressed."""

    verb: str
    path: str
    query: list[tuple[str, str]]
    headers: Mapping[str, str]
    body: bytes


def header(scope: Scope, name: bytes) -> str | None:
    """`name` is in small letters."""
    return next((value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name), None)


def host_name(scope: Scope) -> str:
    """That of the `Host` header, without a port, in small letters: `::1`; `localhost` if the header is missing."""
    host = header(scope, b"host")
    if host is None:
        return "localhost"
    host = host.lower()
    return host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]


async def read_request(scope: Scope, receive: Receive) -> Request:
    """Raises `RpcError` if the body is too large or not what its encoding says."""
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    body = await _read_body(receive)
    if "gzip" in headers.get("content-encoding", ""):
        body = _gunzip(body)
    return Request(scope["method"], raw.partition(b"?")[0].decode("latin-1"), query, headers, body)


def read_json(body: bytes) -> Any:
    """Raises `RpcError`; also for `NaN` and for half of a surrogate pair, which Python reads and no client could."""
    try:
        value = json.loads(body.decode("utf-8-sig"), parse_constant=_refuse_constant)
        if b"\\ud" in body.lower():
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise bad_request(f"Invalid JSON payload received. {error}".encode(errors="replace").decode()) from error
    return value


def _refuse_constant(name: str) -> None:
    raise ValueError(f"Unexpected token: {name}")


async def send_json(send: Send, request_headers: Mapping[str, str], status: int, answer: object) -> None:
    body = answer.data if isinstance(answer, JsonText) else text(answer).encode()
    headers = [(b"content-type", b"application/json; charset=UTF-8"), (b"vary", b"Accept-Encoding")]
    if len(body) >= _GZIP_FROM and "gzip" in request_headers.get("accept-encoding", ""):
        body = gzip.compress(body, compresslevel=1)
        headers.append((b"content-encoding", b"gzip"))
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def text(value: object) -> str:
    """JSON as Google sends it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


async def serve(scope: Scope, receive: Receive, send: Send, answer: Callable[[Request], Awaitable[object]]) -> None:
    """Sends the answer, or the error that it raises in Google's form."""
    request = Request(scope["method"], scope["path"], [], {}, b"")
    try:
        request = await read_request(scope, receive)
        status, value = 200, await answer(request)
    except RpcError as error:
        status, value = error.http_status, error.to_json()
    except Exception as error:  # noqa: BLE001 - a defect of ours must not look like a broken connection
        _log.exception("%s %s failed", request.verb, request.path)
        status, value = 500, RpcError("INTERNAL", f"{type(error).__name__}: {error}").to_json()
    await send_json(send, request.headers, status, value)


async def _read_body(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        _bound(len(body))
        if not message.get("more_body"):
            return bytes(body)


def _gunzip(body: bytes) -> bytes:
    decoder = zlib.decompressobj(wbits=31)
    try:
        plain = decoder.decompress(body, BODY_BYTES + 1)
    except zlib.error as error:
        raise bad_request("The request body is not what its `Content-Encoding: gzip` says.") from error
    _bound(len(plain))
    return plain


def _bound(size: int) -> None:
    if size > BODY_BYTES:
        raise RpcError("INVALID_ARGUMENT", f"Request payload size exceeds the limit: {BODY_BYTES} bytes.")
