"""Starting processes, and ending those that a lost supervisor left.

`posix_spawn` instead of `subprocess`: the supervisor is on the way of every first job, and neither it nor a client
has anything to do with the child's output.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

MARK = "JOBDIR_TASK"
"""Every process of a job has this variable: the path of its replica's task file."""
_PROC = Path("/proc")


class Group(NamedTuple):
    """A process group as it was seen: its leader's pid and when the leader was started (a text that only compares)."""

    leader: int
    started: str

    @classmethod
    def of(cls, leader: int) -> Group | None:
        started = started_at(leader)
        return cls(leader, started) if started else None


def spawn(argv: list[str], *, env: Mapping[str, str], output: Path, keep: int | None = None, session: bool) -> int:
    """Starts a process without standard input that writes to the end of `output`; its pid.

    It inherits the descriptor `keep` under the same number. `session`: it leads a session of its own, out of reach of
    our terminal's signals.
    """
    files = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(output), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    if keep is not None:
        os.set_inheritable(keep, True)
    # Python ignores SIGPIPE and SIGXFSZ, a shell may ignore SIGINT, and ignored signals are inherited.
    default = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE, signal.SIGXFSZ]
    return os.posix_spawn(argv[0], argv, env, file_actions=files, setsid=session, setsigmask=[], setsigdef=default)


def started_at(pid: int) -> str:
    """When the process was started, "" if there is none: tells it from a later process with the same pid."""
    if sys.platform == "linux":
        fields = _stat(pid)
        return fields[19] if fields and fields[0] != "Z" else ""
    import subprocess

    answer = subprocess.run(["/bin/ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return answer.stdout.strip()


def kill_group(group: Group) -> None:
    """Kills the group if its leader is still the process that was recorded."""
    if started_at(group.leader) == group.started:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group.leader, signal.SIGKILL)


def kill_marked(folder: Path) -> None:
    """Kills whatever carries a task of that folder in its environment, until there is nothing (Linux only)."""
    for _ in range(20):
        found = list(_marked(f"{MARK}={folder}/".encode()))
        for pid in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        if not found:
            return
        time.sleep(0.01)


def reap(pid: int) -> bool:
    """Whether the child has ended (and nothing of it is left)."""
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:
        return True


def _marked(mark: bytes) -> Iterator[int]:
    for entry in _PROC.glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if b"\0" + mark in b"\0" + (entry / "environ").read_bytes():
                yield int(entry.name)


def _stat(pid: int) -> list[str]:
    """The fields of /proc/<pid>/stat from the third (state) on; empty if there is no such process."""
    try:
        text = (_PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return []
    return text[text.rindex(")") + 2 :].split()
