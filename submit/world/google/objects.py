"""Objects in buckets: their names, whether they hold certain bytes, and uploads as requests.

https://cloud.google.com/storage/docs/uploading-objects
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from urllib.parse import quote, urlencode

from submit.status import Json


def split(uri: str) -> tuple[str, str]:
    """`gs://bucket/a/b` → bucket, `a/b`."""
    bucket, _, name = uri.removeprefix("gs://").partition("/")
    return bucket, name


def has_bytes(there: Mapping[str, Json], data: bytes) -> bool:
    """By size and MD5; an object that was composed has no MD5, and then its size and its name (a digest) decide."""
    md5 = there.get("md5Hash")
    return there.get("size") == str(len(data)) and md5 in (None, _md5(data))


def generation(there: Mapping[str, Json] | None) -> str:
    """What an upload replaces: 0 for nothing, so that it never overwrites what has come in the meantime."""
    return str(there.get("generation", "0")) if there else "0"


def multipart(bucket: str, name: str, data: bytes, if_generation: str) -> tuple[str, dict[str, str], bytes]:
    """Path, headers and body of an upload in one request, checked by the service against the MD5."""
    digest = hashlib.sha256(data).hexdigest()
    boundary = f"jobdir-{digest[:32]}"  # not in the data: it would have to hold its own digest
    metadata = json.dumps({"name": name, "contentType": _content_type(name), "md5Hash": _md5(data)})
    body = b"".join(
        [
            f"--{boundary}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n{metadata}\r\n".encode(),
            f"--{boundary}\r\nContent-Type: {_content_type(name)}\r\n\r\n".encode(),
            data,
            f"\r\n--{boundary}--\r\n".encode(),
        ]
    )
    query = urlencode({"uploadType": "multipart", "ifGenerationMatch": if_generation})
    path = f"/upload/storage/v1/b/{quote(bucket, safe='')}/o?{query}"
    return path, {"Content-Type": f"multipart/related; boundary={boundary}"}, body


def _content_type(name: str) -> str:
    return "application/gzip" if name.endswith(".gz") else "application/octet-stream"


def _md5(data: bytes) -> str:
    return base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()
