"""Policies of buckets: kept and given back, never enforced; everybody on this machine may do everything."""

from __future__ import annotations

import base64

from submit.emulator.storage.errors import StorageError
from submit.emulator.storage.metadata import Resource
from submit.emulator.storage.request import Request
from submit.emulator.storage.store import Store


async def get(store: Store, _request: Request, bucket: str) -> Resource:
    store.bucket(bucket)
    fresh = {"kind": "storage#policy", "resourceId": f"projects/_/buckets/{bucket}", "version": 1, "bindings": []}
    return store.metadata.policy(bucket) or {**fresh, "etag": _etag(0)}


async def set_(store: Store, request: Request, bucket: str) -> Resource:
    body = await request.json()
    old = await get(store, request, bucket)
    if body.get("etag", old["etag"]) != old["etag"]:
        raise StorageError(412, "The policy was changed since it was read.")
    count = int.from_bytes(base64.b64decode(old["etag"]), "big") + 1
    policy = {**old, **body, "etag": _etag(count)}
    store.metadata.save_policy(bucket, policy)
    return policy


async def test(store: Store, request: Request, bucket: str) -> Resource:
    store.bucket(bucket)
    return {
        "kind": "storage#testIamPermissionsResponse",
        "permissions": request.queries.get("permissions", []),
    }


def _etag(count: int) -> str:
    return base64.b64encode(count.to_bytes(2, "big")).decode()
