"""Folders to read from and write to: on this machine, or `gs://bucket/path`.

Cloud Storage is used as files where buckets are mounted (`$GCS_ROOT/bucket`, by default `/gcs/bucket`, as Vertex AI has
it), else through google-cloud-storage. Files are read and written whole; a reader never sees half of one.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from trainer.errors import TrainerError
from trainer.folder import Folder


def open_folder(location: str, environ: Mapping[str, str]) -> Folder:
    scheme, sign, rest = location.partition("://")
    if not sign:
        return LocalFolder(Path(location))
    if scheme != "gs" or not rest.strip("/"):
        raise TrainerError(f"`{location}` is neither a folder nor gs://bucket/path")
    bucket, _, path = rest.partition("/")
    mounted = Path(environ.get("GCS_ROOT", "/gcs"), bucket)
    if mounted.is_dir():
        return LocalFolder(mounted / path)
    from trainer.bucket import BucketFolder, connect

    return BucketFolder(connect(bucket, mounted), path)


def below(location: str, name: str) -> str:
    """`name` inside of a folder or a `gs://` location."""
    return "{}/{}".format(location.rstrip("/"), name)


class LocalFolder(Folder):
    def __init__(self, path: Path) -> None:
        self._path = path.absolute()

    def location(self, name: str) -> str:
        return str(self._path / name)

    def names(self) -> list[str]:
        try:
            return sorted(entry.name for entry in self._path.iterdir() if entry.is_file())
        except FileNotFoundError:
            return []
        except OSError as error:
            raise TrainerError(f"cannot list `{self._path}`: {error.strerror}") from error

    def read(self, name: str) -> bytes | None:
        try:
            return (self._path / name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise TrainerError(f"cannot read `{self._path / name}`: {error.strerror}") from error

    def write(self, name: str, data: bytes) -> None:
        try:
            self._path.mkdir(parents=True, exist_ok=True)
            write_atomically(self._path / name, data)
        except OSError as error:
            raise TrainerError(f"cannot write `{self._path / name}`: {error.strerror}") from error

    def delete(self, name: str) -> None:
        try:
            (self._path / name).unlink()
        except FileNotFoundError:
            pass
        except OSError as error:
            raise TrainerError(f"cannot delete `{self._path / name}`: {error.strerror}") from error


def write_atomically(path: Path, data: bytes) -> None:
    """Writes beside the file and renames, after the data has reached the disk; one writer at a time."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    with unfinished.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
