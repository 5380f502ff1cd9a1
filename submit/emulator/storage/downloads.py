"""Contents on their way out: ranges, headers, and unpacking for clients that cannot."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from datetime import datetime
from email.utils import format_datetime

from submit.emulator.storage.errors import no_object
from submit.emulator.storage.metadata import Resource
from submit.emulator.storage.ranges import asked
from submit.emulator.storage.request import MEBIBYTE, Request
from submit.emulator.storage.response import Response
from submit.emulator.storage.store import Held

_SHOWN = {
    "cacheControl": "cache-control",
    "contentDisposition": "content-disposition",
    "contentEncoding": "content-encoding",
    "contentLanguage": "content-language",
}


_GZIP = b"\x1f\x8b\x08"
"""https://www.rfc-editor.org/rfc/rfc1952: how each file begins."""


def media(request: Request, held: Held) -> Response:
    """The content of an object, or the part of it that `Range` asks for. Raises StorageError 404, 416."""
    resource, size = held.resource, int(held.resource["size"])
    headers = _headers(resource)
    kind = request.query.get("response-content-type") or resource.get("contentType", "application/octet-stream")
    plainly = "gzip" not in request.headers.get("accept-encoding", "")
    if plainly and resource.get("contentEncoding") == "gzip" and _is_packed(held):
        return _unpacked(request, held, headers, kind)
    part = asked(request.headers.get("range", ""), size)
    start, end = part or (0, size)
    if part:
        headers["content-range"] = f"bytes {start}-{end - 1}/{size}"
    return Response(
        status=206 if part else 200,
        headers=headers,
        content_type=kind,
        stream=_read(held, start, end) if request.method != "HEAD" else iter(()),
        length=end - start,
    )


def _unpacked(request: Request, held: Held, headers: dict[str, str], kind: str) -> Response:
    """https://cloud.google.com/storage/docs/transcoding#decompressive_transcoding."""
    del headers["content-encoding"]
    headers["warning"] = "214 UploadServer gunzipped"
    packed = _read(held, 0, held.content.size) if request.method != "HEAD" else iter(())
    return Response(headers=headers, content_type=kind, stream=_gunzipped(packed))


def _headers(resource: Resource) -> dict[str, str]:
    md5 = f",md5={resource['md5Hash']}" if resource.get("md5Hash") else ""
    headers = {
        "x-goog-generation": resource["generation"],
        "x-goog-metageneration": resource["metageneration"],
        "x-goog-storage-class": resource["storageClass"],
        "x-goog-hash": f"crc32c={resource['crc32c']}{md5}",
        "x-goog-stored-content-length": resource["size"],
        "x-goog-stored-content-encoding": resource.get("contentEncoding", "identity"),
        "etag": resource["etag"],
        "accept-ranges": "bytes",
        "last-modified": format_datetime(datetime.fromisoformat(resource["updated"]), usegmt=True),
    }
    headers |= {header: str(resource[key]) for key, header in _SHOWN.items() if resource.get(key)}
    custom = resource.get("metadata") or {}
    return headers | {f"x-goog-meta-{key}": str(value) for key, value in custom.items() if _is_token(key)}


def _read(held: Held, start: int, end: int) -> Iterator[bytes]:
    """The file is opened now: the object may be replaced while the client still reads."""
    try:
        file = held.path.open("rb")
    except OSError as error:
        raise no_object(held.resource["bucket"], held.resource["name"]) from error

    def chunks() -> Iterator[bytes]:
        with file:
            file.seek(start)
            left = end - start
            while left > 0 and (chunk := file.read(min(MEBIBYTE, left))):
                left -= len(chunk)
                yield chunk

    return chunks()


def _is_packed(held: Held) -> bool:
    """Many name an encoding that their content does not have; it is then shown as it is."""
    return b"".join(_read(held, 0, len(_GZIP))) == _GZIP


def _gunzipped(chunks: Iterator[bytes]) -> Iterator[bytes]:
    unpacker = zlib.decompressobj(wbits=31)
    for chunk in chunks:
        while chunk:
            yield unpacker.decompress(chunk, MEBIBYTE)
            chunk = unpacker.unconsumed_tail
    yield unpacker.flush()


def _is_token(key: str) -> bool:
    return key.isascii() and all(character.isalnum() or character in "-_." for character in key)
