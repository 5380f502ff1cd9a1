"""Multipart uploads of the XML API, which the Python client's `transfer_manager` uses for large files.

https://cloud.google.com/storage/docs/multipart-uploads: begin, put parts in any order, complete or abort.
"""

from __future__ import annotations

import asyncio
import re
import time
import uuid
from dataclasses import replace
from pathlib import Path
from xml.sax.saxutils import escape

from submit.emulator.storage.checksums import Content, Digest, check, declared, pass_through
from submit.emulator.storage.errors import StorageError, invalid, no_session
from submit.emulator.storage.metadata import Resource
from submit.emulator.storage.request import Request
from submit.emulator.storage.response import XML, Response, empty
from submit.emulator.storage.store import Store
from submit.emulator.storage.uploads import finish, receive

_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
_PART_NUMBER = re.compile(rb"<(?:\w+:)?PartNumber>\s*(\d+)\s*<", re.ASCII)
PARTS = 10_000
META = "x-goog-meta-"


async def handle(store: Store, request: Request, bucket: str, name: str) -> Response:
    match request.method, "uploadId" in request.query:
        case "POST", False:
            return await _begin(store, request, bucket, name)
        case "PUT", True:
            return await _put_part(store, request)
        case "POST", True:
            return await _complete(store, request, bucket, name)
        case "DELETE", True:
            _session(store, request, bucket, name)
            _forget(store, request.query["uploadId"])
            return empty()
    raise StorageError(501, f"{request.method} of a multipart upload is not implemented.")


def said(request: Request) -> Resource:
    """What the headers of an upload say of the object."""
    headers = request.headers
    fields = {
        "contentType": headers.get("content-type"),
        "contentEncoding": headers.get("content-encoding"),
        "cacheControl": headers.get("cache-control"),
        "contentDisposition": headers.get("content-disposition"),
        "contentLanguage": headers.get("content-language"),
        "storageClass": headers.get("x-goog-storage-class"),
        "metadata": {key.removeprefix(META): value for key, value in headers.items() if key.startswith(META)},
    }
    return {key: value for key, value in fields.items() if value}


async def _begin(store: Store, request: Request, bucket: str, name: str) -> Response:
    await request.body()
    session = uuid.uuid4().hex
    fields = {"bucket": bucket, "name": name, "fields": said(request)}
    store.metadata.save_session(session, time.time(), fields)
    return _document(
        "InitiateMultipartUploadResult", Bucket=bucket, Key=name, UploadId=session, namespace=f' xmlns="{_NAMESPACE}"'
    )


async def _put_part(store: Store, request: Request) -> Response:
    session, number = request.query["uploadId"], request.query.get("partNumber", "")
    _known(store, session)
    if not (number.isascii() and number.isdigit() and 1 <= int(number) <= PARTS):
        raise invalid(f"Invalid part number: {number[:40]!r}")
    content = await receive(store, request.chunks())
    try:
        check(content, declared({}, request.headers))
        _known(store, session)
        content.path.replace(_part(store, session, int(number)))
    finally:
        content.path.unlink(missing_ok=True)
    return Response(headers={"etag": f'"{content.md5}"', "x-goog-hash": f"crc32c={content.crc32c},md5={content.md5}"})


async def _complete(store: Store, request: Request, bucket: str, name: str) -> Response:
    fields = _session(store, request, bucket, name)
    session = request.query["uploadId"]
    numbers = sorted({int(number) for number in _PART_NUMBER.findall(await request.body())})
    parts = [_part(store, session, number) for number in numbers]
    if not parts or not all(part.exists() for part in parts):
        raise invalid("One or more of the specified parts could not be found.")
    content = await asyncio.to_thread(_joined, parts, store.folder.incoming())
    resource = await finish(store, request, bucket, name, fields, content)
    _forget(store, session)
    etag = f'"{resource["etag"]}"'
    return _document("CompleteMultipartUploadResult", Bucket=bucket, Key=name, ETag=etag)


def _joined(parts: list[Path], target: Path) -> Content:
    digest = Digest()
    with target.open("wb") as out:
        for path in parts:
            with path.open("rb") as part:
                pass_through(part, digest, out)
    return replace(digest.of(target), md5=None, components=len(parts))


def _session(store: Store, request: Request, bucket: str, name: str) -> Resource:
    """What was said of the object when its upload began. Raises StorageError 404."""
    content = _known(store, request.query["uploadId"])
    if (content["bucket"], content["name"]) != (bucket, name):
        raise no_session()
    fields: Resource = content["fields"]
    return fields


def _known(store: Store, session: str) -> Resource:
    content = store.metadata.session(session)
    if content is None or "fields" not in content:
        raise no_session()
    return content


def _part(store: Store, session: str, number: int) -> Path:
    return store.folder.incoming(f"{session}.{number}")


def _forget(store: Store, session: str) -> None:
    store.metadata.delete_session(session)
    for path in store.folder.incoming().parent.glob(f"{session}.*"):
        path.unlink(missing_ok=True)


def _document(tag: str, namespace: str = "", **fields: str) -> Response:
    inside = "".join(f"<{key}>{escape(value)}</{key}>" for key, value in fields.items())
    text = f'<?xml version="1.0" encoding="UTF-8"?><{tag}{namespace}>{inside}</{tag}>'
    return Response(body=text.encode(), content_type=XML)
