"""Buckets: https://cloud.google.com/storage/docs/json_api/v1/buckets."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from submit.emulator.storage.errors import StorageError, invalid
from submit.emulator.storage.metadata import Resource
from submit.emulator.storage.names import is_bucket_name
from submit.emulator.storage.paging import page_size, position, token
from submit.emulator.storage.patch import merge
from submit.emulator.storage.preconditions import check
from submit.emulator.storage.request import Request
from submit.emulator.storage.resources import changed
from submit.emulator.storage.response import Response, empty
from submit.emulator.storage.store import Store

FIXED = ("name", "id", "kind", "selfLink", "projectNumber", "location", "locationType", "timeCreated", "generation")
"""What no update changes."""

EMPTY_LISTS = {
    "acl": "storage#bucketAccessControls",
    "defaultObjectAcl": "storage#objectAccessControls",
    "folders": "storage#folders",
    "managedFolders": "storage#managedFolders",
    "anywhereCaches": "storage#anywhereCaches",
    "notificationConfigs": "storage#notifications",
}
"""What a bucket could have and none has here: clients ask before they copy or delete folders."""


async def create(store: Store, request: Request) -> Resource:
    body = await request.json()
    name = body.get("name")
    if not isinstance(name, str) or not is_bucket_name(name):
        raise invalid(f"Invalid bucket name: '{str(name)[:100]}'")
    if store.has_bucket(name):
        message = "Your previous request to create the named bucket succeeded and you already own it."
        raise StorageError(409, message)
    _check(body)
    return store.create_bucket(body, request.query.get("project", ""))


async def list_all(store: Store, request: Request) -> Resource:
    query = request.query
    after = position(query["pageToken"])[0] if query.get("pageToken") else ""
    prefix, size = query.get("prefix", ""), page_size(query)
    found = [bucket for bucket in store.buckets() if bucket["name"].startswith(prefix) and bucket["name"] > after]
    answer: Resource = {"kind": "storage#buckets", "items": found[:size]}
    if len(found) > size:
        answer["nextPageToken"] = token(found[size - 1]["name"], None)
    return answer


async def get(store: Store, request: Request, bucket: str) -> Resource:
    return _checked(store, request, bucket, reading=True)


async def patch(store: Store, request: Request, bucket: str) -> Resource:
    body = await request.json()
    return _save(store, merge(_checked(store, request, bucket), _changeable(body)))


async def update(store: Store, request: Request, bucket: str) -> Resource:
    """Replaces everything that a client may set; what the service set at the creation stays."""
    body = await request.json()
    old = _checked(store, request, bucket)
    names = (*FIXED, "metageneration", "storageClass", "iamConfiguration", "softDeletePolicy")
    kept = {key: old[key] for key in names if key in old}
    return _save(store, merge(kept, _changeable(body)))


async def delete(store: Store, request: Request, bucket: str) -> Response:
    _checked(store, request, bucket)
    await store.delete_bucket(bucket)
    return empty()


async def layout(store: Store, _request: Request, bucket: str) -> Resource:
    found = store.bucket(bucket)
    return {
        "kind": "storage#storageLayout",
        "bucket": bucket,
        "location": found["location"],
        "locationType": found["locationType"],
        "hierarchicalNamespace": {"enabled": False},
    }


async def nothing(store: Store, request: Request, bucket: str) -> Resource:
    store.bucket(bucket)
    return {"kind": EMPTY_LISTS[request.path.rpartition("/")[2]], "items": []}


async def service_account(_store: Store, _request: Request, project: str) -> Resource:
    return {
        "kind": "storage#serviceAccount",
        "email_address": f"{project}@gs-project-accounts.iam.gserviceaccount.com",
    }


def _checked(store: Store, request: Request, bucket: str, *, reading: bool = False) -> Resource:
    found = store.bucket(bucket)
    check(request.query, found, reading=reading)
    return found


def _check(body: Mapping[str, Any]) -> None:
    """Raises StorageError 400 for the values that we read ourselves, if they have another type."""
    for key in ("iamConfiguration", "labels", "softDeletePolicy", "versioning"):
        if not isinstance(body.get(key), Mapping | None):
            raise invalid(f"Invalid value for: {key}")


def _changeable(body: Mapping[str, Any]) -> Resource:
    _check(body)
    ignored = (*FIXED, "metageneration", "updated", "etag")
    return {key: value for key, value in body.items() if key not in ignored}


def _save(store: Store, resource: Resource) -> Resource:
    resource = changed(resource, time.time_ns())
    store.metadata.save_bucket(resource)
    return resource
