"""Where on this machine things are that jobs elsewhere have in buckets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from submit.status import Target

if TYPE_CHECKING:
    from submit.job import Package


def staged(package: Package, target: Target) -> str:
    """Content-addressed, so that unchanged code is not written again."""
    folder = bucket(target.staging_bucket, target) if target.staging_bucket else f"{target.state_dir}/staging"
    return f"{folder}/{package.digest}/{package.filename}"


def bucket(uri: str, target: Target) -> str:
    """Buckets are folders on this machine."""
    return f"{target.bucket_root}/{uri.removeprefix('gs://').strip('/')}"
