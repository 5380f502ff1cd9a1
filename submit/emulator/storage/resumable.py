"""Resumable uploads: a session, chunks, status, cancel: https://cloud.google.com/storage/docs/performing-resumable-uploads.

Sessions are in the metadata and their bytes in a file, so that an upload goes on after the emulator was restarted.
"""

from __future__ import annotations

import asyncio
import re
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from submit.emulator.storage.checksums import content_of
from submit.emulator.storage.errors import StorageError, invalid, no_session
from submit.emulator.storage.metadata import Resource
from submit.emulator.storage.preconditions import KEYS, check
from submit.emulator.storage.request import Request
from submit.emulator.storage.response import Response, as_json, empty
from submit.emulator.storage.store import Store
from submit.emulator.storage.uploads import finish, object_name, with_query

_CONTENT_RANGE = re.compile(r"bytes (?:(\d{1,19})-(\d{1,19}|\*)|\*)/(\d{1,19}|\*)", re.ASCII)
"""Of an int64, as all of Google's sizes."""


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """What `Content-Range` says: `start` None asks for the status, `total` None means that it is not known yet."""

    start: int | None
    total: int | None


async def begin(store: Store, request: Request, bucket: str) -> Response:
    store.bucket(bucket)
    said = await request.json()
    name = object_name(request.query, said)
    held = await store.look(bucket, name)
    check(request.query, held.resource if held else None)
    said = {**said, "contentType": said.get("contentType") or request.headers.get("x-upload-content-type")}
    session = uuid.uuid4().hex
    content: Resource = {
        "bucket": bucket,
        "name": name,
        "said": with_query(said, request.query),
        "conditions": {key: request.query[key] for key in KEYS if key in request.query},
    }
    store.folder.incoming(session).touch()
    store.metadata.save_session(session, time.time(), content)
    query = f"uploadType=resumable&name={quote(name, safe='')}&upload_id={session}"
    location = f"{request.base}/upload/storage/v1/b/{bucket}/o?{query}"
    return Response(headers={"location": location, "x-guploader-uploadid": session}, content_type="text/plain")


async def cancel(store: Store, request: Request, bucket: str) -> Response:
    session, _ = _session(store, request, bucket)
    store.metadata.delete_session(session)
    store.folder.incoming(session).unlink(missing_ok=True)
    return empty(499)


async def resume(store: Store, request: Request, bucket: str) -> Response:
    """Take a chunk, or say how much is there; answers 308 until the upload is whole."""
    session, content = _session(store, request, bucket)
    if "result" in content:  # the client did not see the answer to its last chunk
        return as_json(content["result"])
    path = store.folder.incoming(session)
    chunk = parse_content_range(request.headers.get("content-range", ""))
    have = await _append(request, path, chunk) if chunk.start is not None else path.stat().st_size
    if chunk.total is None or have < chunk.total:
        return Response(status=308, headers={"range": f"bytes=0-{have - 1}"} if have else {})
    return as_json(await _finish(store, request, session, content, path))


def parse_content_range(header: str) -> Chunk:
    """A request without the header brings everything at once. Raises StorageError 400."""
    if not header:
        return Chunk(start=0, total=0)
    match = _CONTENT_RANGE.fullmatch(header.strip())
    if match is None:
        raise invalid(f"Invalid Content-Range: {header[:60]!r}")
    start, _, total = match.groups()
    return Chunk(start=None if start is None else int(start), total=None if total == "*" else int(total))


async def _append(request: Request, path: Path, chunk: Chunk) -> int:
    """Write the chunk at its place, over what came before; the length that is then there."""
    start = chunk.start or 0
    if start > path.stat().st_size:
        raise StorageError(503, "Invalid request. There were gaps in the received range.")
    with path.open("r+b") as file:
        file.seek(start)
        async for data in request.chunks():
            file.write(data)
        return file.truncate()


async def _finish(store: Store, request: Request, session: str, content: Resource, path: Path) -> Resource:
    """A refused upload is over: its bytes would be refused again."""
    whole = await asyncio.to_thread(content_of, path)
    try:
        result = await finish(
            store, request, content["bucket"], content["name"], content["said"], whole, content["conditions"]
        )
    except StorageError:
        store.metadata.delete_session(session)
        raise
    store.metadata.save_session(session, time.time(), {**content, "result": result})
    return result


def _session(store: Store, request: Request, bucket: str) -> tuple[str, Resource]:
    """Raises StorageError 404."""
    session = request.query.get("upload_id", "")
    content = store.metadata.session(session)
    if content is None or "said" not in content or content["bucket"] != bucket:
        raise no_session()
    return session, content
