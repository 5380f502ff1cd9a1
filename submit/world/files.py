"""The door to files: reading what the user names, writing what the client keeps."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from submit.errors import UsageError


def read(path: Path, *, limit: int | None = None) -> bytes:
    """At most `limit` bytes of a file that the user named, or a `UsageError` that says what is wrong with it."""
    try:
        with path.open("rb") as file:
            return file.read(-1 if limit is None else limit)
    except OSError as error:
        raise UsageError(f"cannot read `{path}`: {(error.strerror or str(error)).lower()}") from error


def home(environ: Mapping[str, str]) -> Path:
    """That of the user whose environment this is."""
    return Path(environ.get("HOME") or Path.home())


def in_home(text: str, environ: Mapping[str, str]) -> Path:
    """A path of which `~/` may be the beginning."""
    return home(environ) / text.removeprefix("~/")


def read_if_there(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None


def is_folder(path: Path) -> bool:
    return path.is_dir()


def is_package(folder: Path) -> bool:
    return (folder / "__init__.py").is_file()


def packages(folder: Path) -> list[str]:
    """Names of the Python packages in a folder, `tests` and the like last."""
    try:
        names = sorted(init.parent.name for init in folder.glob("*/__init__.py"))
    except OSError:
        return []
    return sorted(names, key=lambda name: name.startswith("test"))


def make_private(folder: Path) -> None:
    """The folder and what is missing above it, for its owner only; what is there stays as it is."""
    if folder.is_dir():
        return
    for missing in reversed([each for each in (folder, *folder.parents) if not each.exists()]):
        missing.mkdir(mode=0o700, exist_ok=True)


def write(path: Path, data: bytes) -> None:
    """Whole or not at all: a reader, who is the owner, never sees half of the file. Threads, and machines that share
    the folder, may write the same at once."""
    make_private(path.parent)
    unfinished = path.with_name(f".{path.name}.{os.urandom(8).hex()}.part")
    try:
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(data)
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def has_digest(path: Path, digest: str) -> bool:
    import hashlib  # OpenSSL comes with it, and looking at jobs needs none

    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == digest
    except FileNotFoundError:
        return False
