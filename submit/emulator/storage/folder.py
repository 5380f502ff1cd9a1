"""The folder with the buckets: where contents live as files, and where they wait.

    <buckets>/<bucket>/<object>      what people and trainers see
    <buckets>/.storage/incoming/     uploads that are not whole; on the same file system, so that placing is one rename
    <buckets>/.storage/aside/        objects whose names are no paths (`a//b`, `..`), and generations that are not live

Symbolic links are never followed: no name leads out of the folder.
"""

from __future__ import annotations

import os
import stat
import uuid
from collections.abc import Iterator
from pathlib import Path

from submit.emulator.storage.names import as_parts, is_bucket_name


class Folder:
    def __init__(self, buckets: Path) -> None:
        self.root = buckets.resolve()
        self._incoming = self.root / ".storage" / "incoming"
        self._aside = self.root / ".storage" / "aside"
        for folder in (self._incoming, self._aside):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def bucket(self, name: str) -> Path:
        """Raises ValueError for a name that is none of a bucket: it could lead elsewhere."""
        if not is_bucket_name(name):
            raise ValueError(f"`{name}` is no name of a bucket")
        return self.root / name

    def has_bucket(self, name: str) -> bool:
        path = self.bucket(name)
        return path.is_dir() and not path.is_symlink()

    def bucket_names(self) -> list[str]:
        return [path.name for path in self.root.iterdir() if is_bucket_name(path.name) and self.has_bucket(path.name)]

    def incoming(self, name: str = "") -> Path:
        """A file for an upload; `name` is a session's own id, never a client's word."""
        return self._incoming / (name or uuid.uuid4().hex)

    def aside(self) -> Path:
        return self._aside / uuid.uuid4().hex

    def path_of(self, bucket: str, name: str) -> Path | None:
        """The file that the object's name means, whether it is there or not; None if there can be none."""
        parts = as_parts(name)
        if parts is None:
            return None
        top = self.bucket(bucket)
        folders = [top.joinpath(*parts[:count]) for count in range(len(parts))]
        path = top.joinpath(*parts)
        return path if all(map(_is_folder_or_missing, folders)) and _is_file_or_missing(path) else None

    def status(self, path: Path) -> os.stat_result | None:
        """Of a regular file below the root that no link leads to; None for anything else."""
        folders = (folder for folder in path.parents if self.root in folder.parents)
        return None if any(folder.is_symlink() for folder in folders) else regular(path)

    def put(self, source: Path, bucket: str, name: str) -> Path:
        """Move a whole content to its place, in one step; the place is aside when the name is no path."""
        path = self.path_of(bucket, name)
        if path:
            try:
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                return source.replace(path)
            except OSError:  # too long as a whole, or a trainer made a folder of this name just now
                pass
        return source.replace(self.aside())

    def remove(self, path: Path, bucket: str) -> None:
        """Delete a content, and the folders that were there for it only."""
        path.unlink(missing_ok=True)
        top = self.bucket(bucket)
        for folder in path.parents:
            if top not in folder.parents:
                return
            try:
                folder.rmdir()
            except OSError:
                return

    def remove_bucket(self, name: str) -> None:
        """Raises OSError when a file is left in it: it may be one that is no object, such as a link."""
        top = self.bucket(name)
        if not top.exists():
            return
        for folder, _, _ in os.walk(top, topdown=False):
            Path(folder).rmdir()

    def set_aside(self) -> Path:
        """Puts all buckets and contents into one new folder, which is to be deleted."""
        removed = self._incoming.parent / f"removed-{uuid.uuid4().hex}"
        removed.mkdir(mode=0o700)
        for path in [*self.root.iterdir(), self._incoming, self._aside]:
            if path != self._incoming.parent:
                path.rename(removed / path.name)
        for folder in (self._incoming, self._aside):
            folder.mkdir(mode=0o700)
        return removed

    def files(self, bucket: str, prefix: str) -> Iterator[tuple[str, Path, os.stat_result]]:
        """Every regular file whose name as an object starts with `prefix`."""
        parts = as_parts(prefix.rpartition("/")[0]) or ()
        top = self.bucket(bucket)
        start = top.joinpath(*parts)
        if any(folder.is_symlink() for folder in (start, *start.parents) if self.root in folder.parents):
            return
        for path, found in _walk(start):
            name = path.relative_to(top).as_posix()
            if name.startswith(prefix) and _is_text(name):
                yield name, path, found

    def leftovers(self, known: set[Path]) -> Iterator[Path]:
        """Files of ours that nothing refers to: what a killed emulator left behind."""
        for folder in (self._incoming, self._aside):
            yield from (path for path in folder.iterdir() if path not in known)


def regular(path: Path) -> os.stat_result | None:
    """The file's status; None if there is no file, or something else (a folder, a link, a pipe)."""
    try:
        found = path.lstat()
    except (OSError, ValueError):
        return None
    return found if stat.S_ISREG(found.st_mode) else None


def _walk(start: Path) -> Iterator[tuple[Path, os.stat_result]]:
    waiting = [start]
    while waiting:
        try:
            entries = list(os.scandir(waiting.pop()))
        except OSError:
            continue
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                waiting.append(Path(entry.path))
            elif found := regular(Path(entry.path)):
                yield Path(entry.path), found


def _is_folder_or_missing(path: Path) -> bool:
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except FileNotFoundError:
        return True
    except OSError:
        return False


def _is_file_or_missing(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except FileNotFoundError:
        return True
    except OSError:
        return False


def _is_text(name: str) -> bool:
    """File names may be any bytes, objects' names are UTF-8."""
    try:
        return len(name.encode()) <= 1024
    except UnicodeEncodeError:
        return False
