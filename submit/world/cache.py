"""The door to the cache: bytes by key, in one folder. What is damaged is as good as not there."""

from __future__ import annotations

import hashlib
from pathlib import Path

from submit.world import files

_DIGEST = hashlib.sha256().digest_size


def load(folder: Path, key: str) -> bytes | None:
    data = files.read_if_there(folder / key)
    if data is None or hashlib.sha256(data[_DIGEST:]).digest() != data[:_DIGEST]:
        return None
    return data[_DIGEST:]


def save(folder: Path, key: str, data: bytes) -> None:
    try:
        files.write(folder / key, hashlib.sha256(data).digest() + data)
    except OSError:
        return  # a cache folder that cannot be written costs time, nothing else
