"""Runs a program and says what it took, with all that it started, also what was detached from it."""

from __future__ import annotations

import ctypes
import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
LINGER_S = 20.0


class BrokenError(Exception):
    """An arm did not do its work; the message is the program's own output."""


@dataclass(frozen=True, slots=True)
class Ran:
    """`cpu_s` is user and system time of the program and all its descendants; None where they cannot be counted."""

    wall_s: float
    cpu_s: float | None
    stdout: str


def adopt_orphans() -> None:
    """Makes this process the parent of detached descendants, so that their CPU time is counted (Linux only)."""
    if sys.platform == "linux" and ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError("prctl(PR_SET_CHILD_SUBREAPER) failed")


def run(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path,
    expect: str = "",
    timeout_s: float = 600.0,
    reap: bool = True,
) -> Ran:
    """Raises `BrokenError` unless the program exits with 0 in time, prints `expect`, and (`reap`) leaves no process
    behind."""
    cpu_before = _children_cpu_s()
    start = time.perf_counter()
    try:
        done = subprocess.run(
            argv,
            env=env,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired as expired:
        raise BrokenError(f"{' '.join(argv)}: not done after {timeout_s:.0f} s") from expired
    wall_s = time.perf_counter() - start
    if reap:
        _reap(argv)
    if done.returncode != 0 or expect not in done.stdout + done.stderr:
        raise BrokenError(f"{' '.join(argv)}: exit code {done.returncode}\n{(done.stdout + done.stderr)[-2000:]}")
    return Ran(wall_s, _children_cpu_s() - cpu_before if sys.platform == "linux" else None, done.stdout)


def _reap(argv: Sequence[str]) -> None:
    """Waits for detached descendants, which need a moment to put things in order after the program's end."""
    deadline = time.monotonic() + LINGER_S
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if time.monotonic() > deadline:
            raise BrokenError(f"{' '.join(argv)}: processes are still there {LINGER_S:.0f} s after its end")
        if pid == 0:
            time.sleep(0.005)


def _children_cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
