"""The storage service as an ASGI application: request in, handler, answer out."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from submit.emulator.storage import batch, routes, xml
from submit.emulator.storage.errors import StorageError
from submit.emulator.storage.fields import only, parse_fields
from submit.emulator.storage.request import MEBIBYTE, Disconnected, Receive, Request, Scope, Send
from submit.emulator.storage.response import Response, as_json, refusal, send_response
from submit.emulator.storage.store import Store

_log = logging.getLogger(__name__)

DRAINED = 64 * MEBIBYTE
"""What is read of an upload after it was refused: clients that still send take a reset for a broken network."""

_JSON = "/storage/v1/"
_UPLOADS = ("/upload/storage/v1/", "/resumable/upload/storage/v1/")
_DOWNLOAD = "/download/storage/v1/"


class Storage:
    """Serves `/storage/v1`, `/upload/storage/v1`, `/download/storage/v1`, `/batch`, and `/<bucket>/<object>` (XML)."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise ValueError(f"storage answers http, not {scope['type']}")
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
            await send_response(response, send, head=request.method == "HEAD")
        except Disconnected:
            return

    def location(self, bucket: str) -> str | None:
        """As the bucket was created with; None for one that is not known."""
        known = self._store.metadata.bucket(bucket)
        return str(known["location"]) if known else None

    async def clear(self) -> int:
        """Deletes all buckets with all that is in them; how many there were."""
        return await self._store.clear()

    def close(self) -> None:
        self._store.metadata.close()

    async def _answer(self, request: Request) -> Response:
        plain = request.query.get("alt") == "media" or request.path.startswith(_DOWNLOAD)
        try:
            return await self._dispatch(request)
        except StorageError as error:
            await request.drain(DRAINED)
            return refusal(error, plain=plain)
        except Disconnected:
            raise
        except Exception:  # noqa: BLE001  a mistake of ours is an answer too, as the service's own
            _log.exception("%s %s failed", request.method, request.path)
            return refusal(StorageError(500, "We encountered an internal error. Please try again."), plain=plain)

    async def _dispatch(self, request: Request) -> Response:
        path = request.path
        if path == "/batch" or path.startswith("/batch/"):
            return await batch.run(self, request)
        for prefix in _UPLOADS:
            if path.startswith(prefix):
                return await self._call(request, routes.upload(request, path.removeprefix(prefix)))
        if path.startswith(_DOWNLOAD):
            return await self._call(request, routes.download(request.method, path.removeprefix(_DOWNLOAD)))
        if path.startswith(_JSON):
            return await self._call(request, routes.json_api(request.method, path.removeprefix(_JSON)))
        return await xml.handle(self._store, request)

    async def _call(self, request: Request, found: tuple[routes.Handler, tuple[str, ...]] | None) -> Response:
        if found is None:
            raise StorageError(501, f"{request.method} {unquote(request.path)} is not implemented by the emulator.")
        handler, names = found
        answer: Any = await handler(self._store, request, *names)
        if isinstance(answer, Response):
            return answer
        headers = {"etag": answer["etag"]} if isinstance(answer.get("etag"), str) else {}
        return as_json(only(answer, parse_fields(request.query.get("fields", ""))), headers=headers)


def create(root: Path, buckets: Path) -> Storage:
    """For one event loop; metadata in `root`, contents in `buckets`. Both folders are made.

    Uploads that were interrupted by the end of the last process are kept if they can be resumed, and deleted if not.
    """
    return Storage(Store(root, buckets))
