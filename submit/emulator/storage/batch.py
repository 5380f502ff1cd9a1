"""Many requests in one: https://cloud.google.com/storage/docs/batch. Each goes through the application as if alone."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from submit.emulator.storage.errors import invalid
from submit.emulator.storage.related import boundary
from submit.emulator.storage.request import MEBIBYTE, Message, Receive, Request
from submit.emulator.storage.response import Response

LIMIT = 100
"""https://cloud.google.com/storage/docs/batch#overview: calls in one batch."""

_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_CONTENT_ID = re.compile(rb"(?im)^content-id:[ \t]*<?([^>\r\n]+)>?")
_REQUEST_LINE = re.compile(r"([A-Z]+) (\S+)(?: HTTP/[\d.]+)?")


@dataclass(kw_only=True)
class Call:
    content_id: bytes
    method: str
    target: str
    headers: list[tuple[bytes, bytes]]
    body: bytes


@dataclass(kw_only=True)
class Answer:
    """Collects what the application sends for one call."""

    status: int = 500
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], message["headers"]
        else:
            self.body += message.get("body", b"")


def parse(body: bytes, limit: bytes) -> list[Call]:
    """Raises StorageError 400."""
    parts = body.split(b"--" + limit)[1:]
    calls = [_call(part) for part in parts if part.strip() and not part.startswith(b"--")]
    if len(calls) > LIMIT:
        raise invalid(f"The batch has {len(calls)} calls; at most {LIMIT} are allowed.")
    return calls


async def run(application: Any, request: Request) -> Response:
    limit = boundary(request.headers.get("content-type", ""))
    calls = parse(await request.body(16 * MEBIBYTE), limit)
    mark = f"batch_{uuid.uuid4().hex}"
    parts = []
    for call in calls:
        answer = Answer()
        await application(_scope(call, request), _receive(call.body), answer)
        parts.append(_part(call, answer, mark))
    return Response(body=b"".join(parts) + f"--{mark}--\r\n".encode(), content_type=f"multipart/mixed; boundary={mark}")


def _call(part: bytes) -> Call:
    outer, inner = _cut(part.lstrip(b"\r\n"))
    head, body = _cut(inner)
    line, *headers = head.replace(b"\r", b"").decode("latin1").split("\n")
    match = _REQUEST_LINE.fullmatch(line.strip())
    if match is None:
        raise invalid("A part of the batch is no HTTP request.")
    content_id = _CONTENT_ID.search(outer)
    return Call(
        content_id=content_id[1] if content_id else b"",
        method=match[1],
        target=re.sub(r"^https?://[^/]+", "", match[2]),
        headers=[_header(header) for header in headers if header],
        body=body.rstrip(b"\r\n"),
    )


def _scope(call: Call, request: Request) -> dict[str, Any]:
    path, _, query = call.target.partition("?")
    own = [(name, value) for name, value in call.headers if name != b"host"]
    return {
        "type": "http",
        "method": call.method,
        "headers": [*own, (b"host", request.headers.get("host", "localhost").encode("latin1"))],
        "raw_path": path.encode("latin1"),
        "path": unquote(path),
        "query_string": query.encode("latin1"),
        "scheme": request.base.partition(":")[0],
    }


def _receive(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _part(call: Call, answer: Answer, mark: str) -> bytes:
    lines = [b"--" + mark.encode(), b"Content-Type: application/http"]
    if call.content_id:
        lines.append(b"Content-ID: <response-" + call.content_id + b">")
    lines += [b"", f"HTTP/1.1 {answer.status} {_phrase(answer.status)}".encode()]
    lines += [name + b": " + value for name, value in answer.headers]
    return b"\r\n".join([*lines, b"", answer.body, b""])


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def _cut(text: bytes) -> tuple[bytes, bytes]:
    match = _BLANK_LINE.search(text)
    return (text[: match.start()], text[match.end() :]) if match else (text, b"")


def _header(line: str) -> tuple[bytes, bytes]:
    name, _, value = line.partition(":")
    return name.strip().lower().encode("latin1"), value.strip().encode("latin1")
