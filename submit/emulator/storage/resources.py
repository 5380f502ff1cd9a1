"""Buckets and objects in the JSON form of https://cloud.google.com/storage/docs/json_api/v1."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from submit.emulator.storage.checksums import Content
from submit.emulator.storage.errors import invalid
from submit.emulator.storage.metadata import Resource
from submit.emulator.storage.patch import merge

WRITABLE = frozenset(
    {
        "acl", "cacheControl", "contentDisposition", "contentEncoding", "contentLanguage", "contentType", "contexts",
        "customTime", "eventBasedHold", "metadata", "retention", "storageClass", "temporaryHold",
    }
)  # fmt: skip
"""What a client may say of an object; the rest is the service's."""

MULTI_REGIONS = ("ASIA", "EU", "US")
DUAL_REGIONS = ("ASIA1", "EUR4", "EUR5", "EUR7", "EUR8", "NAM4")


_OBJECTS = {"contexts", "metadata", "retention"}
_FLAGS = {"eventBasedHold", "temporaryHold"}


def writable(body: Mapping[str, Any]) -> Resource:
    """The part of a request that a client may say of an object. Raises StorageError 400 for values of other types."""
    said = {key: value for key, value in body.items() if key in WRITABLE}
    for key, value in said.items():
        wanted = dict if key in _OBJECTS else bool if key in _FLAGS else list if key == "acl" else str
        if value is not None and not isinstance(value, wanted):
            raise invalid(f"Invalid value for: {key}")
    if not all(isinstance(entry, dict) for entry in said.get("acl") or ()):
        raise invalid("Invalid value for: acl")
    if not all(value is None or isinstance(value, str) for value in (said.get("metadata") or {}).values()):
        raise invalid("Invalid value for: metadata")
    return said


def timestamp(nanoseconds: int) -> str:
    moment = datetime.fromtimestamp(nanoseconds / 1e9, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def new_bucket(body: Mapping[str, Any], project: str, generation: int) -> Resource:
    name, location = body["name"], str(body.get("location") or "US").upper()
    now = timestamp(generation * 1000)
    defaults: Resource = {
        "kind": "storage#bucket",
        "id": name,
        "selfLink": f"https://www.googleapis.com/storage/v1/b/{name}",
        # The same project has the same number each time, with the twelve digits of a real one.
        "projectNumber": str(zlib.crc32(project.encode()) + 10**11),
        "generation": str(generation),
        "metageneration": "1",
        "storageClass": "STANDARD",
        "timeCreated": now,
        "updated": now,
        "etag": etag(generation, 1),
        "iamConfiguration": {
            "bucketPolicyOnly": {"enabled": False},
            "uniformBucketLevelAccess": {"enabled": False},
            "publicAccessPrevention": "inherited",
        },
        "softDeletePolicy": {"retentionDurationSeconds": "0"},
    }
    return merge(defaults, body) | {"location": location, "locationType": location_type(location)}


def location_type(location: str) -> str:
    if location in MULTI_REGIONS:
        return "multi-region"
    return "dual-region" if location in DUAL_REGIONS else "region"


def new_object(bucket: str, name: str, generation: int, said: Mapping[str, Any], content: Content) -> Resource:
    now = timestamp(generation * 1000)
    resource: Resource = {
        "kind": "storage#object",
        "id": f"{bucket}/{name}/{generation}",
        "name": name,
        "bucket": bucket,
        "generation": str(generation),
        "metageneration": "1",
        "contentType": "application/octet-stream",
        "storageClass": "STANDARD",
        "size": str(content.size),
        "md5Hash": content.md5,
        "crc32c": content.crc32c,
        "componentCount": content.components,
        "etag": etag(generation, 1),
        "timeCreated": now,
        "updated": now,
        "timeStorageClassUpdated": now,
        "timeFinalized": now,
    }
    resource |= {key: value for key, value in said.items() if key in WRITABLE}
    return {key: value for key, value in resource.items() if value is not None}


def changed(resource: Mapping[str, Any], now: int) -> Resource:
    """The resource after one more change of its metadata at `now`, in nanoseconds. What a change takes away that
    every resource has is as at the creation."""
    metageneration = int(resource["metageneration"]) + 1
    return {
        "storageClass": "STANDARD",
        **resource,
        "metageneration": str(metageneration),
        "updated": timestamp(now),
        "etag": etag(int(resource["generation"]), metageneration),
    }


def shown(resource: Mapping[str, Any], base: str) -> Resource:
    """The object with its links, as they lead from `base`."""
    name = quote(resource["name"], safe="")
    bucket, generation = resource["bucket"], resource["generation"]
    return {
        **resource,
        "selfLink": f"{base}/storage/v1/b/{bucket}/o/{name}",
        "mediaLink": f"{base}/download/storage/v1/b/{bucket}/o/{name}?generation={generation}&alt=media",
    }


def etag(generation: int, metageneration: int) -> str:
    return base64.b64encode(generation.to_bytes(8, "big") + metageneration.to_bytes(4, "big")).decode()
