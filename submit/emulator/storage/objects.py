"""Single objects: https://cloud.google.com/storage/docs/json_api/v1/objects."""

from __future__ import annotations

import time

from submit.emulator.storage.downloads import media
from submit.emulator.storage.metadata import Resource
from submit.emulator.storage.patch import merge
from submit.emulator.storage.preconditions import check
from submit.emulator.storage.request import Request
from submit.emulator.storage.resources import WRITABLE, changed, shown, timestamp, writable
from submit.emulator.storage.response import Response, empty
from submit.emulator.storage.store import Held, Store


async def get(store: Store, request: Request, bucket: str, name: str) -> Resource | Response:
    held = await checked(store, request, bucket, name, reading=True)
    if request.query.get("alt") == "media":
        return media(request, held)
    return shown(held.resource, request.base)


async def download(store: Store, request: Request, bucket: str, name: str) -> Response:
    return media(request, await checked(store, request, bucket, name, reading=True))


async def patch(store: Store, request: Request, bucket: str, name: str) -> Resource:
    body = await request.json()
    held = await checked(store, request, bucket, name)
    return _save(store, request, held.resource, merge(held.resource, writable(body)))


async def update(store: Store, request: Request, bucket: str, name: str) -> Resource:
    """Replaces everything that a client may set, except for the storage class."""
    body = await request.json()
    held = await checked(store, request, bucket, name)
    kept = {key: value for key, value in held.resource.items() if key not in WRITABLE - {"storageClass"}}
    return _save(store, request, held.resource, merge(kept, writable(body)))


async def delete(store: Store, request: Request, bucket: str, name: str) -> Response:
    held = await checked(store, request, bucket, name)
    store.remove(held, forever="generation" in request.query)
    return empty()


async def acl(store: Store, request: Request, bucket: str, name: str) -> Resource:
    held = await checked(store, request, bucket, name)
    return {"kind": "storage#objectAccessControls", "items": held.resource.get("acl", [])}


async def add_acl(store: Store, request: Request, bucket: str, name: str) -> Resource:
    body = await request.json()
    held = await checked(store, request, bucket, name)
    others = [entry for entry in held.resource.get("acl", []) if entry.get("entity") != body.get("entity")]
    entry = {**body, "kind": "storage#objectAccessControl", "bucket": bucket, "object": name}
    _save(store, request, held.resource, {**held.resource, "acl": [*others, entry]})
    return entry


async def checked(store: Store, request: Request, bucket: str, name: str, *, reading: bool = False) -> Held:
    """The object that the request means, its preconditions hold. Raises StorageError 404, 412, 304."""
    held = await store.need(bucket, name, request.query.get("generation"))
    check(request.query, held.resource, reading=reading)
    return held


def _save(store: Store, request: Request, old: Resource, new: Resource) -> Resource:
    now = time.time_ns()
    new = changed(new, now)
    if new.get("storageClass") != old["storageClass"]:
        new["timeStorageClassUpdated"] = timestamp(now)
    store.metadata.save(new)
    return shown(new, request.base)
