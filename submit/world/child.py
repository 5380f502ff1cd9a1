"""The door to helper processes: a program runs to its end or to a time limit, and nothing of it is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_OUTPUT_LIMIT = 1 << 20


@dataclass(frozen=True, slots=True)
class Ended:
    """`code` is None if the time was over; `output` is the end of what it wrote to either stream."""

    code: int | None
    output: str


def run(argv: Sequence[str], *, cwd: Path, env: Mapping[str, str], timeout_s: float | None = None) -> Ended:
    """Without standard input, in a session of its own, with `env` on top of this process's environment."""
    # a file and not a pipe: a grandchild that keeps a pipe open would keep us waiting
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            argv,
            cwd=cwd,
            env={**os.environ, **env},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            with _limited(process, timeout_s) as over:
                code = process.wait()
        finally:
            _kill_group(process)
        output.seek(max(0, output.seek(0, os.SEEK_END) - _OUTPUT_LIMIT))
        return Ended(None if over.is_set() else code, output.read().decode("utf-8", errors="replace"))


@contextmanager
def _limited(process: subprocess.Popen[bytes], timeout_s: float | None) -> Iterator[threading.Event]:
    """Set when the time was over, and the process killed. `wait` with a limit of its own looks every 50 ms only."""
    over = threading.Event()
    if timeout_s is None:
        yield over
        return

    def end() -> None:
        over.set()
        _kill_group(process)

    timer = threading.Timer(timeout_s, end)
    timer.start()
    try:
        yield over
    finally:
        timer.cancel()


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()
