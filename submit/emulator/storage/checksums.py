"""MD5 and CRC32C of contents, and their comparison with what the client declared."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import google_crc32c

from submit.emulator.storage.errors import invalid
from submit.emulator.storage.request import MEBIBYTE

_Crc32c: Any = google_crc32c.Checksum
"""The library says that it is typed, and is not."""


@dataclass(frozen=True, kw_only=True)
class Content:
    """Bytes in a file, not yet an object. `md5` is None for composites; checksums are base64 of big-endian bytes."""

    path: Path
    size: int
    crc32c: str
    md5: str | None
    components: int | None = None


class Digest:
    """Sums up what passes through it."""

    def __init__(self) -> None:
        self._md5, self._crc, self.size = hashlib.md5(usedforsecurity=False), _Crc32c(), 0

    def update(self, chunk: bytes) -> None:
        self._md5.update(chunk)
        self._crc.update(chunk)
        self.size += len(chunk)

    @property
    def crc32c(self) -> str:
        return base64.b64encode(self._crc.digest()).decode()

    @property
    def md5(self) -> str:
        return base64.b64encode(self._md5.digest()).decode()

    def of(self, path: Path) -> Content:
        return Content(path=path, size=self.size, crc32c=self.crc32c, md5=self.md5)


def content_of(path: Path) -> Content:
    """Reads the whole file. Raises OSError."""
    digest = Digest()
    with path.open("rb") as file:
        pass_through(file, digest)
    return digest.of(path)


def pass_through(source: BinaryIO, digest: Digest, target: BinaryIO | None = None) -> None:
    while chunk := source.read(MEBIBYTE):
        digest.update(chunk)
        if target:
            target.write(chunk)


def declared(fields: Mapping[str, Any], headers: Mapping[str, str]) -> dict[str, set[str]]:
    """What the client says its content's checksums are: in the resource, in `X-Goog-Hash`, in `Content-MD5`."""
    said: dict[str, set[str]] = {"crc32c": set(), "md5": set()}
    said["crc32c"].add(str(fields.get("crc32c") or ""))
    said["md5"].update((str(fields.get("md5Hash") or ""), headers.get("content-md5", "")))
    for pair in headers.get("x-goog-hash", "").split(","):
        kind, _, value = pair.strip().partition("=")
        if kind in said:
            said[kind].add(value)
    return {kind: values - {""} for kind, values in said.items()}


def check(content: Content, said: Mapping[str, set[str]]) -> None:
    """Raises StorageError 400 when a declared checksum is not the content's."""
    for value in said["crc32c"] - {content.crc32c}:
        raise invalid(f'Provided CRC32C "{value}" doesn\'t match calculated CRC32C "{content.crc32c}".')
    for value in said["md5"] - {content.md5 or ""}:
        raise invalid(f'Provided MD5 hash "{value}" doesn\'t match calculated MD5 hash "{content.md5}".')
