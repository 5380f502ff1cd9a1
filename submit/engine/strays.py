"""Finding and ending what a job left running after the processes in charge of it were killed.

A launcher ends all that its trainer started, so this is about the cases in which the launcher could not.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Sequence

from submit.engine.processes import LINUX, PROC, Group, is_ours, stat

MARK = "JOBDIR_TASK"
"""Every process of a job has this variable: the path of its replica's task file."""

LAUNCHER_NAME = b"/launch.py\0"
"""In the command line of a launcher."""

_PR_SET_CHILD_SUBREAPER = 36
_PAUSE_S = 0.01
_KILLING_S = 0.3  # nobody can end a process that hangs in a driver


def adopt_orphans() -> None:
    """What a killed launcher leaves becomes ours, where `kill_adopted` finds it (Linux only)."""
    if LINUX:
        with contextlib.suppress(ImportError, OSError):
            import ctypes

            ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def kill_adopted() -> None:
    """Kills children that we have not started, and theirs, which become our children by that."""
    me = str(os.getpid())
    _kill_all(lambda: (pid for pid in _everybody() if _parent(pid) == me and not is_ours(pid)))


def kill_marked(path: str, *, patience_s: float = 0.0) -> None:
    """Kills whatever carries a task in its environment whose path starts so (Linux only).

    Launchers get `patience_s` to end by themselves: they know the processes that nobody else can find.
    """
    mark = os.fsencode(f"\0{MARK}={path}")
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline and any(LAUNCHER_NAME in _file(pid, "cmdline") for pid in _marked(mark)):
        time.sleep(_PAUSE_S)
    _kill_all(lambda: _marked(mark))


def kill_groups(groups: Sequence[Group]) -> None:
    """Kills the groups, and what is left of the sessions that they were in."""
    for group in groups:
        if group.is_led():
            _kill(group.leader)
            with contextlib.suppress(ProcessLookupError, PermissionError):  # a launcher leads none
                os.killpg(group.leader, signal.SIGKILL)
    if LINUX:
        sessions = {str(group.leader) for group in groups if group.keeps_number()}
        _kill_all(lambda: (pid for pid in _everybody() if _session(pid) in sessions))


def _parent(pid: int) -> str | None:
    fields = stat(pid)
    return fields[1] if fields and fields[0] not in "ZX" else None


def _session(pid: int) -> str | None:
    fields = stat(pid)
    return fields[3] if fields and fields[0] not in "ZX" else None


def _kill_all(find: Callable[[], Iterable[int]]) -> None:
    """Again and again, since processes may have been starting others meanwhile."""
    deadline = time.monotonic() + _KILLING_S
    while (found := list(find())) and time.monotonic() < deadline:
        for pid in found:
            _kill(pid)
        time.sleep(_PAUSE_S)


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)


def _everybody() -> Iterator[int]:
    return (int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit()) if LINUX else iter(())


def _marked(mark: bytes) -> Iterator[int]:
    return (pid for pid in _everybody() if mark in b"\0" + _file(pid, "environ"))


def _file(pid: int, name: str) -> bytes:
    """What /proc has of a process; nothing if it has ended or is not ours."""
    try:
        return (PROC / str(pid) / name).read_bytes()
    except OSError:
        return b""
