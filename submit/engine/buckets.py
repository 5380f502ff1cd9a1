"""`gs://` on this machine: a bucket is a folder below one root."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_NAME = r"(?a)[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]"
"""https://cloud.google.com/storage/docs/buckets#naming; it also keeps a bucket from naming a folder elsewhere."""


def make_buckets(request: Mapping[str, Any], root: Path) -> None:
    """The buckets that a job writes to are there before it starts. Raises ValueError for what names no bucket."""
    for key in ("job_dir", "base_output_dir"):
        uri = request.get(key)
        if isinstance(uri, str) and uri.startswith("gs://"):
            (root / bucket_of(uri)).mkdir(mode=0o700, parents=True, exist_ok=True)


def bucket_of(uri: str) -> str:
    """`gs://bucket/path` is in `bucket`."""
    name = uri.removeprefix("gs://").partition("/")[0]
    if not re.fullmatch(_NAME, name) or ".." in uri.split("/"):
        raise ValueError(f"`{uri}` does not name a folder in a bucket")
    return name


def with_digests(request: dict[str, Any]) -> dict[str, Any]:
    """The request with the digest of each package that has none: what is in the bucket now is what will run.

    Raises ValueError if such a package is not there.
    """
    packages = [
        package if package.get("sha256") else {**package, "sha256": _digest(Path(package["path"]))}
        for package in request.get("packages") or []
    ]
    return {**request, "packages": packages}


def _digest(path: Path) -> str:
    import hashlib  # loads OpenSSL, which supervisors do not need

    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ValueError(f"the package `{path}` cannot be read: {(error.strerror or 'unknown').lower()}") from error
