"""The door to helper processes: a program runs to its end or to a time limit, and nothing of it is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
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
            code: int | None = process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            _kill_group(process)
        output.seek(max(0, output.seek(0, os.SEEK_END) - _OUTPUT_LIMIT))
        return Ended(code, output.read().decode("utf-8", errors="replace"))


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()
