"""Who uses an emulator that lives as long as a program: it must not end under another one's feet."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

_LOCK = "users.lock"


def join(data: Path) -> int:
    """A descriptor that stands for a user as long as a process has it open; programs inherit it.

    Waits while the last user is about to stop the emulator.
    """
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(data / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    os.set_inheritable(descriptor, True)
    return descriptor


def is_last(descriptor: int) -> bool:
    """Whether there is no other user; if so, nobody joins until the descriptor is closed."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
