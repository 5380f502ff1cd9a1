"""Uploads in one request: the content alone, or with its resource.

https://cloud.google.com/storage/docs/uploads-downloads. Contents go to disk as they arrive, and become an object
when they are whole, fit their declared checksums, and the preconditions hold.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from submit.emulator.storage.checksums import Content, Digest, declared
from submit.emulator.storage.checksums import check as check_sums
from submit.emulator.storage.errors import invalid
from submit.emulator.storage.metadata import Resource
from submit.emulator.storage.names import check_object_name
from submit.emulator.storage.preconditions import check
from submit.emulator.storage.related import Related, boundary
from submit.emulator.storage.request import Request
from submit.emulator.storage.resources import shown, writable
from submit.emulator.storage.store import Store


async def simple(store: Store, request: Request, bucket: str) -> Resource:
    store.bucket(bucket)
    said = {"contentType": request.headers.get("content-type")}
    name = object_name(request.query, said)
    content = await receive(store, request.chunks())
    return await finish(store, request, bucket, name, with_query(said, request.query), content)


async def multipart(store: Store, request: Request, bucket: str) -> Resource:
    store.bucket(bucket)
    body = Related(request.chunks(), boundary(request.headers.get("content-type", "")))
    said, kind = await body.open()
    name = object_name(request.query, said)
    said = with_query({**said, "contentType": said.get("contentType") or kind}, request.query)
    return await finish(store, request, bucket, name, said, await receive(store, body.content()))


def object_name(query: Mapping[str, str], said: Mapping[str, Any]) -> str:
    """Raises StorageError 400."""
    return check_object_name(query.get("name") or said.get("name"))


def with_query(said: Mapping[str, Any], query: Mapping[str, str]) -> Resource:
    """What the client says of the object, in the resource or in the query."""
    encoding = query.get("contentEncoding")
    said = {**said, "contentEncoding": encoding} if encoding else said
    return {key: value for key, value in said.items() if value}


async def receive(store: Store, chunks: AsyncIterator[bytes]) -> Content:
    """Write the stream to a file among the incoming ones; the file is deleted when the stream breaks."""
    path, digest = store.folder.incoming(), Digest()
    try:
        with path.open("wb") as file:
            async for chunk in chunks:
                digest.update(chunk)
                file.write(chunk)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return digest.of(path)


async def finish(
    store: Store,
    request: Request,
    bucket: str,
    name: str,
    said: Mapping[str, Any],
    content: Content,
    conditions: Mapping[str, str] | None = None,
) -> Resource:
    """Make the content an object. Raises StorageError 400 (checksums), 404 (bucket), 412 (preconditions)."""
    try:
        check_sums(content, declared(said, request.headers))
        fields = writable(said)
        store.bucket(bucket)
        await store.refresh(bucket, name)
        held = store.find(bucket, name)
        check(request.query if conditions is None else conditions, held.resource if held else None)
        return shown(store.commit(bucket, name, fields, content), request.base)
    finally:
        content.path.unlink(missing_ok=True)


def unknown_type(request: Request) -> Exception:
    return invalid(f"Upload type missing or unknown: {request.query.get('uploadType', '')[:40]!r}")
