"""Who runs a job: the process that holds the lock in its folder, and how others wake it.

The lock is the kernel's, so it is free the instant its holder dies, however it dies. The FIFO beside it has a reader
exactly as long.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from typing import NamedTuple

from submit.engine.folder import JobFolder


class Ownership(NamedTuple):
    """A held lock, and a descriptor which becomes readable when the owner is to look at the store again."""

    lock: int
    control: int
    folder: JobFolder

    def hear(self) -> None:
        """Takes what woke us; the store says what it is about."""
        with contextlib.suppress(BlockingIOError):
            os.read(self.control, 4096)

    def release(self) -> None:
        self.folder.control.unlink(missing_ok=True)
        os.close(self.control)
        os.close(self.lock)


def own(folder: JobFolder) -> Ownership | None:
    """Takes the job's lock and opens its FIFO; None if another process holds the lock."""
    lock = try_lock(folder)
    if lock is None:
        return None
    os.ftruncate(lock, 0)
    os.write(lock, b"%d\n" % os.getpid())  # for people who look
    with contextlib.suppress(FileExistsError):
        os.mkfifo(folder.control, 0o600)
    # Open for both directions: a FIFO without a writer would be readable (end of file) for ever.
    return Ownership(lock, os.open(folder.control, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC), folder)


def try_lock(folder: JobFolder) -> int | None:
    """A descriptor that holds the job's lock, or None if another process does. Closing it frees the lock."""
    lock = os.open(folder.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock


def wake(folder: JobFolder) -> None:
    """Makes the job's owner, if there is one, look at the store at once."""
    with contextlib.suppress(OSError):  # no FIFO or no reader: there is no owner to wake
        control = os.open(folder.control, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            os.write(control, b"!")
        finally:
            os.close(control)
