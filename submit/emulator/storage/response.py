"""What handlers answer; `send` alone writes it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from submit.emulator.storage.errors import StorageError
from submit.emulator.storage.request import Send

JSON = "application/json; charset=UTF-8"
XML = "application/xml; charset=UTF-8"
HTML = "text/html; charset=UTF-8"


@dataclass(kw_only=True)
class Response:
    """`stream` replaces `body` for contents; `length` is the stream's size in bytes, None when it is not known."""

    status: int = 200
    body: bytes = b""
    content_type: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    stream: Iterator[bytes] | None = None
    length: int | None = None


def as_json(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    text = json.dumps(value, separators=(",", ":")).encode()
    return Response(status=status, body=text, content_type=JSON, headers=dict(headers or {}))


def empty(status: int = 204) -> Response:
    return Response(status=status)


def refusal(error: StorageError, *, plain: bool) -> Response:
    """Downloads are refused in plain text, as the service does: clients show it as it is."""
    if error.code == 304:
        return Response(status=304, headers=error.headers)
    if plain:
        return Response(status=error.code, body=error.message.encode(), content_type=HTML, headers=error.headers)
    return as_json(error.envelope(), error.code, error.headers)


async def send_response(response: Response, send: Send, *, head: bool) -> None:
    await send({"type": "http.response.start", "status": response.status, "headers": _headers(response)})
    if response.stream is not None and not head:
        for chunk in response.stream:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
    body = b"" if head or response.stream is not None else response.body
    await send({"type": "http.response.body", "body": body})


def _headers(response: Response) -> list[tuple[bytes, bytes]]:
    # TensorFlow's client looks for `Location` with exactly this case.
    headers = [(name.title(), value) for name, value in response.headers.items()]
    if response.content_type:
        headers.append(("Content-Type", response.content_type))
    length = len(response.body) if response.stream is None else response.length
    if length is not None and response.status not in (204, 304):
        headers.append(("Content-Length", str(length)))
    return [(name.encode("latin1"), _one_line(value).encode("latin1", "replace")) for name, value in headers]


def _one_line(value: str) -> str:
    """What a client stored must not be able to end the header that it is shown in."""
    return "".join(character if character.isprintable() else " " for character in value)
