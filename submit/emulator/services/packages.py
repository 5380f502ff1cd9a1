"""`gs://bucket/object` of a job's packages as a file below the folder of the buckets."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def package_path(uri: str, buckets: Path) -> Path:
    """Raises ValueError for what is no object of a bucket, and for what lies elsewhere or is led there by a link."""
    bucket, sign, name = uri.removeprefix("gs://").partition("/")
    parts = [bucket, *name.split("/")]
    if not uri.startswith("gs://") or not sign or "\0" in uri or {"", ".", ".."} & set(parts):
        raise ValueError(f"`{uri}` is not the address of an object")
    path = buckets.joinpath(*parts)
    if _has_links(path, len(parts)):
        raise ValueError(f"a link leads from `{uri}` elsewhere")
    return path


def _has_links(path: Path, depth: int) -> bool:
    """Among itself and the folders above it, `depth` of them in all."""
    try:
        return any(step.is_symlink() for step in (path, *path.parents)[:depth])
    except OSError as error:  # too long for a file
        raise ValueError(error.strerror) from error


def unreadable(uris: Iterable[str], buckets: Path) -> str:
    """The service's sentence about packages that are not there; empty if all are."""
    missing = [uri for uri in uris if not _is_there(uri, buckets)]
    if not missing:
        return ""
    return f"The provided GCS paths [{', '.join(missing)}] cannot be read by the service account of the job."


def _is_there(uri: str, buckets: Path) -> bool:
    try:
        return package_path(uri, buckets).is_file()
    except (ValueError, OSError):
        return False
