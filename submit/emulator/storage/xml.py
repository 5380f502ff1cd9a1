"""The XML API of objects: https://cloud.google.com/storage/docs/xml-api. Signed and public URLs lead here.

Signatures are not verified: whoever reaches this port may do everything.
"""

from __future__ import annotations

from urllib.parse import unquote
from xml.sax.saxutils import escape

from submit.emulator.storage import xml_uploads
from submit.emulator.storage.downloads import media
from submit.emulator.storage.errors import StorageError
from submit.emulator.storage.names import check_object_name, decoded
from submit.emulator.storage.objects import checked
from submit.emulator.storage.request import Request
from submit.emulator.storage.response import XML, Response, empty
from submit.emulator.storage.store import Store
from submit.emulator.storage.uploads import finish, receive

_HOST = ".storage.googleapis.com"
_CONDITIONS = {
    "x-goog-if-generation-match": "ifGenerationMatch",
    "x-goog-if-metageneration-match": "ifMetagenerationMatch",
}
_CODES = {400: "InvalidArgument", 412: "PreconditionFailed", 416: "InvalidRange", 501: "NotImplemented"}


async def handle(store: Store, request: Request) -> Response:
    try:
        return await _handle(store, request)
    except StorageError as error:
        return Response(status=error.code, body=_refusal(error), content_type=XML, headers=error.headers)


async def _handle(store: Store, request: Request) -> Response:
    bucket, name = _address(request)
    store.bucket(bucket)
    if not name:
        raise StorageError(501, f"{request.method} {unquote(request.path)} is not implemented: use the JSON API.")
    check_object_name(name)
    for header, key in _CONDITIONS.items():
        if header in request.headers:
            request.query[key] = request.headers[header]
    if "uploads" in request.query or "uploadId" in request.query:
        return await xml_uploads.handle(store, request, bucket, name)
    return await _object(store, request, bucket, name)


async def _object(store: Store, request: Request, bucket: str, name: str) -> Response:
    match request.method:
        case "GET" | "HEAD":
            return media(request, await checked(store, request, bucket, name, reading=True))
        case "PUT":
            return await _put(store, request, bucket, name)
        case "DELETE":
            held = await checked(store, request, bucket, name)
            store.remove(held, forever="generation" in request.query)
            return empty()
    raise StorageError(501, f"{request.method} of an object is not implemented.")


async def _put(store: Store, request: Request, bucket: str, name: str) -> Response:
    said = xml_uploads.said(request)
    content = await receive(store, request.chunks())
    resource = await finish(store, request, bucket, name, said, content)
    sums = f"crc32c={content.crc32c},md5={content.md5}"
    return Response(headers={"x-goog-hash": sums, "x-goog-generation": resource["generation"]})


def _address(request: Request) -> tuple[str, str]:
    """Bucket and object, from `/bucket/object` or from `bucket.storage.googleapis.com/object`."""
    host = request.headers.get("host", "").partition(":")[0]
    path = request.path.removeprefix("/")
    if host.endswith(_HOST):
        return host.removesuffix(_HOST), decoded(path)
    bucket, _, name = path.partition("/")
    return decoded(bucket), decoded(name)


def _refusal(error: StorageError) -> bytes:
    code = _CODES.get(error.code, "InternalError")
    if error.code == 404:
        code = "NoSuchBucket" if "bucket" in error.message.split(" ") else "NoSuchKey"
    text = f"<Error><Code>{code}</Code><Message>{escape(error.message)}</Message></Error>"
    return f"<?xml version='1.0' encoding='UTF-8'?>{text}".encode()
