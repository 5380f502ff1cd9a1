"""Starting processes, and telling one from another that later got its number.

`posix_spawn` instead of `subprocess`: the supervisor is on the way of every first job, and neither it nor a client
has anything to do with the child's output.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

PROC = Path("/proc")
LINUX = sys.platform == "linux"

_ours: set[int] = set()
"""Children that this process has started and not yet waited for; a supervisor also has others, which it adopts."""


class Group(NamedTuple):
    """A process group as it was seen: its leader's pid and when the leader was started (a text that only compares)."""

    leader: int
    started: str

    @classmethod
    def of(cls, leader: int) -> Group | None:
        started = started_at(leader)
        return cls(leader, started) if started else None

    def is_led(self) -> bool:
        """Whether the leader runs, and is not a later process with the same pid."""
        return started_at(self.leader) == self.started

    def keeps_number(self) -> bool:
        """Whether a session of the leader's number can only be the leader's own: the leader has ended and nobody else
        has its pid, which the kernel gives to nobody as long as the session has members (Linux only)."""
        holder = stat(self.leader)
        boot, _, ticks = self.started.partition(" ")
        return boot == _boot() and (not holder or holder[19] == ticks)


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
    pid = os.posix_spawn(argv[0], argv, env, file_actions=files, setsid=session, setsigmask=[], setsigdef=default)
    _ours.add(pid)
    return pid


def wait(pid: int) -> int:
    """Waits for a child of ours; its exit code, or -n for signal n."""
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    _ours.discard(pid)
    return status


def reap(pid: int) -> bool:
    """Whether the child has ended (and nothing of it is left)."""
    try:
        ended = os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:
        ended = True
    if ended:
        _ours.discard(pid)
    return ended


def is_ours(pid: int) -> bool:
    """Whether we have started that child ourselves."""
    return pid in _ours


def started_at(pid: int) -> str:
    """When the process was started, "" if it does not run: tells it from a later process with the same pid."""
    if LINUX:
        fields = stat(pid)
        return f"{_boot()} {fields[19]}" if fields and fields[0] not in "ZX" else ""
    import subprocess

    answer = subprocess.run(["/bin/ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return answer.stdout.strip()


def stat(pid: int) -> list[str]:
    """The fields of /proc/<pid>/stat from the third (state) on; empty if there is no such process."""
    try:
        text = (PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return []
    return text[text.rindex(")") + 2 :].split()


def _boot() -> str:
    """This run of the machine: pids and clock ticks start anew with it."""
    return (PROC / "sys/kernel/random/boot_id").read_text().strip()
