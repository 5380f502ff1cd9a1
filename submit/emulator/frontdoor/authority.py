"""Certificates for Google's names, made once for a data folder.

The key of the authority that signs them is never written: nobody, not even we, can make a second certificate in its
name. What is left to guard is the key of that one certificate.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import NamedTuple

from submit.errors import ErrorKind, ServiceError


class Certificates(NamedTuple):
    """PEM files; `key` belongs to `server`, which `authority` has signed."""

    authority: Path
    server: Path
    key: Path


def certificates(folder: Path) -> Certificates:
    """Made now if there are none. Raises ServiceError without the library that makes them."""
    found = Certificates(folder / "authority.pem", folder / "server.pem", folder / "server.key")
    if found.authority.exists():
        return found
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not found.authority.exists():
            _make(found)
    finally:
        os.close(lock)
    return found


def _make(wanted: Certificates) -> None:
    try:
        from submit.emulator.frontdoor import issuing
    except ImportError as error:
        hint = "Install it: pip install 'jobdir[emulator]'"
        raise ServiceError("the emulator needs `cryptography`", kind=ErrorKind.INTERNAL, hint=hint) from error
    issued = issuing.issue()
    private(wanted.key, issued.key)
    private(wanted.server, issued.server)
    private(wanted.authority, issued.authority)  # last: it says that all are there


def private(path: Path, content: bytes) -> None:
    """A file for its owner's eyes, whole or not at all."""
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.part")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    unfinished.replace(path)
