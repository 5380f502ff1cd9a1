"""Objects: contents in the folder and what is known of them, brought together.

Methods without `async` never wait: on one event loop, what stands between two waits is atomic. So a handler first
prepares (streams, hashes, copies), then looks, checks its preconditions and commits in one go.
"""

from __future__ import annotations

import asyncio
import mimetypes
import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from submit.emulator.storage.checksums import Content, content_of
from submit.emulator.storage.errors import StorageError, invalid, no_bucket, no_object
from submit.emulator.storage.folder import Folder
from submit.emulator.storage.metadata import Metadata, Resource, Row
from submit.emulator.storage.names import is_bucket_name
from submit.emulator.storage.resources import new_bucket, new_object, timestamp

SESSION_SECONDS = 7 * 24 * 3600.0
"""https://cloud.google.com/storage/docs/resumable-uploads#introduction: a session lives for a week."""


ADOPTED_AT_ONCE = 500
"""Files that become objects in one transaction; between two of them, others have their turn."""

Found = tuple[str, Path, os.stat_result]
"""A file in a bucket: the name that it has as an object, where it is, its status."""


@dataclass(frozen=True, kw_only=True)
class Held:
    """An object that is there: one generation of it, and the file with its content."""

    resource: Resource
    path: Path
    live: bool

    @property
    def content(self) -> Content:
        """The content as it is, at whatever place."""
        known = self.resource
        return Content(
            path=self.path,
            size=int(known["size"]),
            crc32c=known["crc32c"],
            md5=known.get("md5Hash"),
            components=known.get("componentCount"),
        )


class Store:
    """`root` holds the metadata, `buckets` the contents."""

    def __init__(self, root: Path, buckets: Path) -> None:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder = Folder(buckets)
        self.metadata = Metadata(root / "storage.sqlite")
        self._last = 0
        self._sweep()

    # Buckets

    def bucket(self, name: str) -> Resource:
        """Raises StorageError 400 or 404. A folder that somebody else made in the root is a bucket too."""
        if not is_bucket_name(name):
            raise invalid(f"Invalid bucket name: '{name}'")
        known = self.metadata.bucket(name)
        if known:
            return known
        if self.folder.has_bucket(name):
            return self.create_bucket({"name": name}, "")
        raise no_bucket()

    def has_bucket(self, name: str) -> bool:
        return self.metadata.bucket(name) is not None or self.folder.has_bucket(name)

    def buckets(self) -> list[Resource]:
        for name in self.folder.bucket_names():
            self.bucket(name)
        return self.metadata.buckets()

    def create_bucket(self, body: Mapping[str, Any], project: str) -> Resource:
        resource = new_bucket(body, project, self.next_generation())
        self.folder.bucket(resource["name"]).mkdir(mode=0o700, exist_ok=True)
        self.metadata.save_bucket(resource)
        return resource

    async def delete_bucket(self, name: str) -> None:
        """Raises StorageError 409 when anything is in it."""
        await self.survey(name, "")
        if next(self.metadata.scan(name, "", versions=True), None):
            raise _not_empty()
        try:
            self.folder.remove_bucket(name)
        except OSError as error:
            raise _not_empty() from error
        self.metadata.delete_bucket(name)

    async def clear(self) -> int:
        """Deletes all buckets, and all that waits to become an object; how many buckets there were."""
        count = len(self.buckets())
        self.metadata.clear()
        removed = self.folder.set_aside()
        await asyncio.to_thread(shutil.rmtree, removed)
        return count

    # Looking

    async def look(self, bucket: str, name: str, generation: str | None = None) -> Held | None:
        """The object, after its file was looked at; None when there is none."""
        await self.refresh(bucket, name)
        return self.find(bucket, name, generation)

    async def need(self, bucket: str, name: str, generation: str | None = None) -> Held:
        """Raises StorageError 404."""
        self.bucket(bucket)
        held = await self.look(bucket, name, generation)
        if held is None:
            raise no_object(bucket, name)
        return held

    def find(self, bucket: str, name: str, generation: str | None = None) -> Held | None:
        row = self._row(bucket, name, generation)
        if row is None:
            return None
        path = self.folder.root / row.path
        if self.folder.status(path) is None:
            self.metadata.delete(row.resource)
            return None
        return Held(resource=row.resource, path=path, live=row.live)

    async def refresh(self, bucket: str, name: str) -> None:
        """Adopt the file of this name if it was written directly, or changed, since we last looked."""
        row = self.metadata.live(bucket, name)
        path = self.folder.root / row.path if row else self.folder.path_of(bucket, name)
        found = self.folder.status(path) if path else None
        if path and found and not (row and _same(found, row.size, row.modified)):
            await self._adopt(bucket, [(name, path, found)])

    async def survey(self, bucket: str, prefix: str) -> None:
        """Adopt every new or changed file under the prefix, and forget objects whose file is gone."""
        files = await asyncio.to_thread(lambda: list(self.folder.files(bucket, prefix)))
        known = self.metadata.known(bucket, prefix)
        await self._adopt(bucket, [file for file in files if self._is_new(file, known.get(file[0]))])
        there = {name for name, _, _ in files}
        for name in known:
            if name not in there:
                self.find(bucket, name)

    # Changing

    def next_generation(self) -> int:
        """Microseconds that never repeat, as the service's generations."""
        self._last = max(self._last + 1, time.time_ns() // 1000)
        return self._last

    def commit(self, bucket: str, name: str, said: Mapping[str, Any], content: Content) -> Resource:
        """Make the content the object of this name; its file is moved. Atomic for readers, and for a kill."""
        current = self.find(bucket, name)
        if current and self._versioned(bucket):
            self._retire(current)
        path = self.folder.put(content.path, bucket, name)
        row = self._new_row(bucket, name, said, replace(content, path=path), path.stat())
        self.metadata.insert([row])
        if current and current.path != path:
            self.folder.remove(current.path, bucket)
        return row.resource

    def remove(self, held: Held, *, forever: bool) -> None:
        """Delete the generation; in a versioned bucket it stays as one that is not live, unless `forever`."""
        bucket = held.resource["bucket"]
        retired = held.live and not forever and self._versioned(bucket)
        if retired:
            self._retire(held)
        # The file goes before its row: a kill between them leaves a row without a file, which `find` forgets. The other
        # way round it would leave a file, which would be adopted: a deleted object would come back.
        self.folder.remove(held.path, bucket)
        if not retired:
            self.metadata.delete(held.resource)

    def link(self, path: Path) -> Path:
        """A second name, among the incoming files, for a content that is about to move."""
        target = self.folder.incoming()
        _link(path, target)
        return target

    async def copy(self, held: Held) -> Content:
        """A copy of the content among the incoming files. Raises StorageError 404 when it went away meanwhile."""
        target = self.folder.incoming()
        known = held.content
        try:
            await asyncio.to_thread(shutil.copyfile, held.path, target)
        except FileNotFoundError as error:
            raise no_object(held.resource["bucket"], held.resource["name"]) from error
        return replace(known, path=target)

    def _retire(self, held: Held) -> None:
        """Keep a live generation as one that is not; its file stays as well, until it is replaced or removed."""
        aside = self.folder.aside()
        _link(held.path, aside)
        now = timestamp(time.time_ns())
        self.metadata.retire(held.resource | {"timeDeleted": now}, self._relative(aside))

    async def _adopt(self, bucket: str, files: list[Found]) -> None:
        """Make objects of files that the API did not write; those that vanish meanwhile are left out."""
        for start in range(0, len(files), ADOPTED_AT_ONCE):
            some = files[start : start + ADOPTED_AT_ONCE]
            contents = await asyncio.to_thread(lambda: [_content(path) for _, path, _ in some])  # noqa: B023  awaited
            self.metadata.insert(
                self._new_row(bucket, name, {"contentType": _kind(name)}, content, found)
                for (name, _, found), content in zip(some, contents, strict=True)
                if content and not self._is_known(bucket, name, found)  # somebody may have adopted it while we read
            )

    def _new_row(self, bucket: str, name: str, said: Mapping[str, Any], content: Content, found: os.stat_result) -> Row:
        """`found` is the file as it was before it was read: if it changed since, it is read again next time."""
        return Row(
            live=True,
            path=self._relative(content.path),
            size=found.st_size,
            modified=found.st_mtime_ns,
            resource=new_object(bucket, name, self.next_generation(), said, content),
        )

    def _is_new(self, file: Found, known: tuple[str, int, int] | None) -> bool:
        """A file beside an object of the same name whose content is elsewhere stays a file."""
        _, path, found = file
        return known is None or (known[0] == self._relative(path) and not _same(found, *known[1:]))

    def _is_known(self, bucket: str, name: str, found: os.stat_result) -> bool:
        row = self.metadata.live(bucket, name)
        return row is not None and _same(found, row.size, row.modified)

    def _row(self, bucket: str, name: str, generation: str | None) -> Row | None:
        if generation is None:
            return self.metadata.live(bucket, name)
        try:
            return self.metadata.generation(bucket, name, int(generation))
        except (ValueError, OverflowError) as error:
            raise invalid(f"Invalid value for generation: {generation[:40]!r}") from error

    def _versioned(self, bucket: str) -> bool:
        return bool(self.bucket(bucket).get("versioning", {}).get("enabled"))

    def _relative(self, path: Path) -> str:
        return path.relative_to(self.folder.root).as_posix()

    def _sweep(self) -> None:
        """Delete what a killed emulator left half done; uploads that can be resumed stay."""
        self.metadata.delete_sessions_before(time.time() - SESSION_SECONDS)
        sessions = self.metadata.sessions()
        known = {self.folder.root / path for path in self.metadata.paths()}
        for path in self.folder.leftovers(known):
            if path.name.partition(".")[0] not in sessions:
                path.unlink()


def _content(path: Path) -> Content | None:
    try:
        return content_of(path)
    except OSError:
        return None


def _kind(name: str) -> str:
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def _same(found: os.stat_result, size: int, modified: int) -> bool:
    return (found.st_size, found.st_mtime_ns) == (size, modified)


def _link(path: Path, target: Path) -> None:
    try:
        target.hardlink_to(path)
    except OSError:  # a file system without hard links
        shutil.copy2(path, target)


def _not_empty() -> StorageError:
    return StorageError(409, "The bucket you tried to delete is not empty.")
