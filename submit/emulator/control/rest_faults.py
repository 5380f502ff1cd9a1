"""Faults in REST: an ASGI application in front of all others."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from submit.emulator.control import connection
from submit.emulator.control.faults import STATUSES, Fault, FaultBook
from submit.emulator.control.method_names import rest_names
from submit.emulator.rpc.errors import RpcError
from submit.emulator.rpc.http import App, Receive, Scope, Send, send_json
from submit.emulator.storage.errors import StorageError

_OURS = "/emulator/"
_PAGE = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Sign in to the network</body></html>\n"
_REASONS = {401: "required", 403: "forbidden", 429: "rateLimitExceeded", 500: "internalError"}
"""Those of Cloud Storage: https://cloud.google.com/storage/docs/json_api/v1/status-codes"""


class RestFaults:
    """What no fault strikes goes on to `app`."""

    def __init__(self, app: App, book: FaultBook) -> None:
        self._app, self._book = app, book

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fault = self._fault(scope) if self._book else None
        if fault is None:
            await self._app(scope, receive, send)
        else:
            await self._strike(fault, scope, receive, send)

    def _fault(self, scope: Scope) -> Fault | None:
        path = (scope.get("raw_path") or scope["path"].encode()).partition(b"?")[0].decode("latin-1")
        return None if path.startswith(_OURS) else self._book.take(rest_names(scope["method"], path))

    async def _strike(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        match fault.answer:
            case "hang":
                await connection.until_gone(receive)
            case "hang-after":
                await self._app(scope, receive, _nothing)
                await connection.until_gone(receive)
            case "reset":
                await connection.reset(scope, receive)
            case "reset-after":
                await self._app(scope, receive, _nothing)
                await connection.reset(scope, receive)
            case "reset-during" | "truncate":
                await _send_half(self._app, scope, receive, send)
                cut = connection.reset if fault.answer == "reset-during" else connection.close
                await cut(scope, receive)
            case "html":
                await _drain(receive)
                await _send_page(send)
            case _:
                await _drain(receive)
                await _refuse(fault, scope, send)


async def _nothing(_: MutableMapping[str, Any]) -> None:
    """The response is lost."""


async def _send_half(app: App, scope: Scope, receive: Receive, send: Send) -> None:
    """All of the header, half of the first part of the body, and nothing more."""
    cut = False

    async def send_some(message: MutableMapping[str, Any]) -> None:
        nonlocal cut
        if message["type"] != "http.response.body":
            await send(message)
        elif not cut and message.get("body"):
            cut = True
            body = message["body"]
            await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})

    await app(scope, receive, send_some)


async def _drain(receive: Receive) -> None:
    """Clients that still send take a refusal for a broken network."""
    while (await receive()).get("more_body"):
        pass


async def _send_page(send: Send) -> None:
    headers = [(b"content-type", b"text/html; charset=utf-8"), (b"content-length", str(len(_PAGE)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": _PAGE})


async def _refuse(fault: Fault, scope: Scope, send: Send) -> None:
    status, (code, words) = int(fault.answer), STATUSES[fault.answer]
    path = scope["path"]
    is_storage = "/storage/" in path or path.startswith("/batch")
    if is_storage:
        answer = StorageError(status, words, _REASONS.get(status, "")).envelope()
    else:
        answer = RpcError(code, words).to_json()
        answer["error"]["code"] = status
    await send_json(_with_retry_after(fault, send), {}, status, answer)


def _with_retry_after(fault: Fault, send: Send) -> Send:
    async def send_more(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start" and fault.retry_after_s is not None:
            message["headers"].append((b"retry-after", f"{fault.retry_after_s:g}".encode()))
        await send(message)

    return send_more
