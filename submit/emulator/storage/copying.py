"""Objects made of objects: copy, rewrite, compose, move."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from submit.emulator.storage.checksums import Content, Digest, pass_through
from submit.emulator.storage.errors import invalid, no_object
from submit.emulator.storage.metadata import Resource
from submit.emulator.storage.names import check_object_name
from submit.emulator.storage.preconditions import check
from submit.emulator.storage.request import Request
from submit.emulator.storage.resources import shown, writable
from submit.emulator.storage.store import Held, Store

COMPOSE_LIMIT = 32
"""https://cloud.google.com/storage/docs/composite-objects: sources of one compose."""


async def copy(store: Store, request: Request, bucket: str, name: str, to_bucket: str, to_name: str) -> Resource:
    body = await request.json()
    check_object_name(to_name)
    held = await _source(store, request, bucket, name)
    store.bucket(to_bucket)
    content = await store.copy(held)
    try:
        await store.refresh(to_bucket, to_name)
        _check_target(store, request, to_bucket, to_name)
        resource = store.commit(to_bucket, to_name, _metadata(held.resource, body), content)
    finally:
        content.path.unlink(missing_ok=True)
    return shown(resource, request.base)


async def rewrite(store: Store, request: Request, bucket: str, name: str, to_bucket: str, to_name: str) -> Resource:
    """Always whole in one call, so that there is never a token."""
    resource = await copy(store, request, bucket, name, to_bucket, to_name)
    return {
        "kind": "storage#rewriteResponse",
        "totalBytesRewritten": resource["size"],
        "objectSize": resource["size"],
        "done": True,
        "resource": resource,
    }


async def move(store: Store, request: Request, bucket: str, name: str, to_name: str) -> Resource:
    store.bucket(bucket)
    await request.body()
    check_object_name(to_name)
    if to_name == name:
        raise invalid("The source and the destination of a move are the same object.")
    await store.refresh(bucket, to_name)
    held = await _source(store, request, bucket, name)
    _check_target(store, request, bucket, to_name)
    content = replace(held.content, path=store.link(held.path))
    resource = store.commit(bucket, to_name, held.resource, content)
    store.remove(held, forever=False)
    return shown(resource, request.base)


async def compose(store: Store, request: Request, bucket: str, name: str) -> Resource:
    body = await request.json()
    check_object_name(name)
    destination = body.get("destination") or {}
    if not isinstance(destination, Mapping):
        raise invalid("Invalid value for: destination")
    sources = [await _component(store, bucket, source) for source in _source_objects(body)]
    content = await asyncio.to_thread(_joined, sources, store.folder.incoming())
    try:
        await store.refresh(bucket, name)
        _check_target(store, request, bucket, name)
        resource = store.commit(bucket, name, writable(destination), content)
    finally:
        content.path.unlink(missing_ok=True)
    return shown(resource, request.base)


async def _source(store: Store, request: Request, bucket: str, name: str) -> Held:
    held = await store.need(bucket, name, request.query.get("sourceGeneration"))
    check(request.query, held.resource, source=True)
    return held


def _check_target(store: Store, request: Request, bucket: str, name: str) -> None:
    held = store.find(bucket, name)
    check(request.query, held.resource if held else None)


def _metadata(source: Mapping[str, Any], body: Mapping[str, Any]) -> Resource:
    """A copy has the metadata of its source, unless the request brings its own: then that alone, and the type."""
    said = writable(body)
    if said.keys() & {"contentType", "metadata", "cacheControl", "contentEncoding"}:
        return {"contentType": source.get("contentType"), **said}
    return {**source, **said}


def _source_objects(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    sources = body.get("sourceObjects")
    if not isinstance(sources, list) or not 1 <= len(sources) <= COMPOSE_LIMIT:
        raise invalid(f"The number of source components must be between 1 and {COMPOSE_LIMIT}.")
    if not all(isinstance(source, dict) and isinstance(source.get("name"), str) for source in sources):
        raise invalid("Each source object needs a name.")
    return sources


async def _component(store: Store, bucket: str, source: Mapping[str, Any]) -> Held:
    generation = source.get("generation")
    held = await store.need(bucket, source["name"], None if generation is None else str(generation))
    conditions = source.get("objectPreconditions") or {}
    if not isinstance(conditions, Mapping):
        raise invalid("Invalid value for: objectPreconditions")
    check({key: str(value) for key, value in conditions.items()}, held.resource)
    return held


def _joined(sources: list[Held], target: Path) -> Content:
    """Composites have no MD5, as nobody could know it without reading all parts."""
    digest = Digest()
    with target.open("wb") as out:
        for held in sources:
            try:
                with held.path.open("rb") as part:
                    pass_through(part, digest, out)
            except FileNotFoundError as error:
                raise no_object(held.resource["bucket"], held.resource["name"]) from error
    count = sum(int(held.resource.get("componentCount", 1)) for held in sources)
    return Content(path=target, size=digest.size, crc32c=digest.crc32c, md5=None, components=count)
