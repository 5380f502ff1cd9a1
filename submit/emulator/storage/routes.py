"""Which handler answers which path of the JSON API; `{}` stands for one percent-encoded name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from submit.emulator.storage import buckets, copying, iam, listing, objects, resumable, uploads
from submit.emulator.storage.names import decoded
from submit.emulator.storage.request import Request

Handler = Callable[..., Awaitable[Any]]
"""Called with the store, the request and the names in the path; answers a resource or a Response."""

JSON_API: dict[tuple[str, str], Handler] = {
    ("GET", "projects/{}/serviceAccount"): buckets.service_account,
    ("GET", "b"): buckets.list_all,
    ("POST", "b"): buckets.create,
    ("GET", "b/{}"): buckets.get,
    ("PATCH", "b/{}"): buckets.patch,
    ("PUT", "b/{}"): buckets.update,
    ("DELETE", "b/{}"): buckets.delete,
    ("GET", "b/{}/iam"): iam.get,
    ("PUT", "b/{}/iam"): iam.set_,
    ("GET", "b/{}/iam/testPermissions"): iam.test,
    ("GET", "b/{}/storageLayout"): buckets.layout,
    **{("GET", f"b/{{}}/{name}"): buckets.nothing for name in buckets.EMPTY_LISTS},
    ("GET", "b/{}/o"): listing.objects,
    ("GET", "b/{}/o/{}"): objects.get,
    ("PATCH", "b/{}/o/{}"): objects.patch,
    ("PUT", "b/{}/o/{}"): objects.update,
    ("DELETE", "b/{}/o/{}"): objects.delete,
    ("GET", "b/{}/o/{}/acl"): objects.acl,
    ("POST", "b/{}/o/{}/acl"): objects.add_acl,
    ("POST", "b/{}/o/{}/compose"): copying.compose,
    ("POST", "b/{}/o/{}/copyTo/b/{}/o/{}"): copying.copy,
    ("POST", "b/{}/o/{}/rewriteTo/b/{}/o/{}"): copying.rewrite,
    ("POST", "b/{}/o/{}/moveTo/o/{}"): copying.move,
}

_TABLE = {(method, tuple(pattern.split("/"))): handler for (method, pattern), handler in JSON_API.items()}

_SESSION: dict[str, Handler] = {"PUT": resumable.resume, "POST": resumable.resume, "DELETE": resumable.cancel}
_UPLOADS: dict[str, Handler] = {
    "media": uploads.simple,
    "multipart": uploads.multipart,
    "resumable": resumable.begin,
}


def json_api(method: str, path: str) -> tuple[Handler, tuple[str, ...]] | None:
    """The handler and the decoded names in the path; None if there is none."""
    parts = path.split("/")
    method = "GET" if method == "HEAD" else method
    for (wanted, pattern), handler in _TABLE.items():
        if wanted == method and _matches(pattern, parts):
            names = (part for place, part in zip(pattern, parts, strict=True) if place == "{}")
            return handler, tuple(decoded(name) for name in names)
    return None


def download(method: str, path: str) -> tuple[Handler, tuple[str, ...]] | None:
    found = json_api(method, path)
    return (objects.download, found[1]) if found and found[0] is objects.get else None


def upload(request: Request, path: str) -> tuple[Handler, tuple[str, ...]] | None:
    """By the method for a session that exists, by `uploadType` for what begins."""
    parts = path.split("/")
    if not _matches(("b", "{}", "o"), parts):
        return None
    names = (decoded(parts[1]),)
    if "upload_id" in request.query:
        handler = _SESSION.get(request.method)
    else:
        kind = request.query.get("uploadType") or request.headers.get("x-goog-upload-protocol", "")
        handler = _UPLOADS.get(kind)
    if handler is None:
        raise uploads.unknown_type(request)
    return handler, names


def _matches(pattern: Iterable[str], parts: list[str]) -> bool:
    pattern = tuple(pattern)
    return len(pattern) == len(parts) and all(
        place in ("{}", part) and part for place, part in zip(pattern, parts, strict=True)
    )
