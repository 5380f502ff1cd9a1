"""A folder in Cloud Storage through google-cloud-storage, which is imported here and only if it is needed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from trainer.errors import TrainerError
from trainer.folder import Folder

if TYPE_CHECKING:
    from google.cloud.storage import Bucket


def connect(bucket: str, mounted: Path) -> Bucket:
    """The bucket's client. `mounted` is where it would have been as a folder, for the error message."""
    absent = f"gs://{bucket} cannot be used: there is no folder `{mounted}`, and "
    try:
        from google.auth.exceptions import GoogleAuthError
        from google.cloud import storage
    except ImportError as error:
        raise TrainerError(absent + "google-cloud-storage is not installed; mount the bucket or install it") from error
    try:
        return storage.Client().bucket(bucket)
    except (GoogleAuthError, OSError) as error:
        raise TrainerError(absent + f"google-cloud-storage cannot sign in: {_one_line(error)}") from error


class BucketFolder(Folder):
    """Objects under a prefix; an object appears whole or not at all."""

    def __init__(self, bucket: Bucket, path: str) -> None:
        self._bucket = bucket
        self._prefix = path.strip("/") + "/" if path.strip("/") else ""

    def location(self, name: str) -> str:
        return f"gs://{self._bucket.name}/{self._prefix}{name}"

    def names(self) -> list[str]:
        with self._told("list", ""):
            blobs = list(self._bucket.client.list_blobs(self._bucket.name, prefix=self._prefix, delimiter="/"))
        return sorted(blob.name[len(self._prefix) :] for blob in blobs)

    def read(self, name: str) -> bytes | None:
        from google.cloud.exceptions import NotFound

        with self._told("read", name):
            try:
                data: bytes = self._bucket.blob(self._prefix + name).download_as_bytes()
            except NotFound:
                return None
        return data

    def write(self, name: str, data: bytes) -> None:
        with self._told("write", name):
            self._bucket.blob(self._prefix + name).upload_from_string(data, content_type="application/octet-stream")

    def delete(self, name: str) -> None:
        with self._told("delete", name):
            self._bucket.delete_blobs([self._prefix + name], on_error=lambda _blob: None)

    @contextmanager
    def _told(self, verb: str, name: str) -> Iterator[None]:
        from google.api_core.exceptions import GoogleAPIError
        from google.auth.exceptions import GoogleAuthError

        try:
            yield
        except (GoogleAPIError, GoogleAuthError, OSError) as error:
            raise TrainerError(f"cannot {verb} `{self.location(name)}`: {_one_line(error)}") from error


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
