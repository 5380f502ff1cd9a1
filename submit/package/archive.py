"""Archives as values: the same members give the same bytes, whoever packs them, when and where.

Pure. A source distribution is a gzipped tar with one top folder (https://packaging.python.org/specifications/source-distribution-format/),
a wheel is a zip without one.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import NamedTuple

from submit.errors import UsageError

EPOCH = 315_619_200
"""1980-01-02 in seconds: every member's time. The earliest that a zip can hold in any time zone."""

_LEVEL = 4  # of zlib: half the time of the usual 6, for 3 % more bytes of source text
_GZIP_HEADER = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"  # no file name, no time, no operating system


class Member(NamedTuple):
    data: bytes
    executable: bool = False


def pack(top: str, members: Mapping[str, Member]) -> bytes:
    """A `.tar.gz` of the members, named relative to its top folder."""
    import tarfile  # 5 ms, and not needed where a package comes out of the cache

    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT, encoding="utf-8") as tar:
        for name in sorted(members):
            data, executable = members[name]
            info = tarfile.TarInfo(f"{top}/{name}")
            info.size = len(data)
            info.mode = 0o755 if executable else 0o644
            info.mtime = EPOCH
            tar.addfile(info, io.BytesIO(data))
    return _gzip(raw.getvalue())


def pack_wheel(members: Mapping[str, Member]) -> bytes:
    """A zip of the members. Not compressed: it stays on this machine."""
    import zipfile

    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as wheel:
        for name in sorted(members):
            data, executable = members[name]
            info = zipfile.ZipInfo(name, (1980, 1, 2, 0, 0, 0))
            info.external_attr = (0o100755 if executable else 0o100644) << 16
            wheel.writestr(info, data)
    return raw.getvalue()


def unpack(filename: str, data: bytes) -> tuple[str, dict[str, Member]]:
    """The top folder ("" in a wheel) and the regular files of an archive; a `UsageError` if it cannot be read."""
    try:
        found = dict(_wheel_members(data) if filename.endswith((".whl", ".zip")) else _tar_members(data))
    except Exception as error:  # zipfile, tarfile and zlib have a dozen ways to say that it is broken
        raise UsageError(f"`{filename}` is not a readable archive: {error}") from error
    if filename.endswith(".whl"):
        return "", found
    tops = {name.partition("/")[0] for name in found}
    if len(tops) != 1:
        raise UsageError(
            f"`{filename}` is not a source distribution: its files are not in one top folder",
            hint="Make it with `submit package FOLDER --output dist/` or `python -m build`.",
        )
    top = tops.pop()
    return top, {name.removeprefix(f"{top}/"): member for name, member in found.items()}


def _gzip(data: bytes) -> bytes:
    deflate = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    body = deflate.compress(data) + deflate.flush()
    return _GZIP_HEADER + body + struct.pack("<LL", zlib.crc32(data), len(data) & 0xFFFFFFFF)


def _tar_members(data: bytes) -> Iterator[tuple[str, Member]]:
    import tarfile

    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        for info in tar:
            file = tar.extractfile(info) if info.isfile() or info.islnk() else None
            if file is not None:
                yield _safe(info.name), Member(file.read(), bool(info.mode & 0o100))


def _wheel_members(data: bytes) -> Iterator[tuple[str, Member]]:
    import zipfile

    with zipfile.ZipFile(io.BytesIO(data)) as wheel:
        for info in wheel.infolist():
            if not info.is_dir():
                yield _safe(info.filename), Member(wheel.read(info), bool(info.external_attr >> 16 & 0o100))


def _safe(name: str) -> str:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise ValueError(f"member `{name}` would land outside of the folder")
    return str(path)
