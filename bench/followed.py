"""A program that shows a job's log, and when each line of it was there."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from typing import Self

from bench.processes import BrokenError

_STAMP = re.compile(rb"stamp (\d+) (\d{19})\b")  # not what is left of a line that was cut
_READ_BYTES = 1 << 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """What a follower showed. `latencies_s` is from write to print, in the order of printing; times are of the wall
    clock; `rss_bytes` is the program's own peak."""

    latencies_s: Sequence[float]
    lines: int
    repeated: int
    ended_at: float
    wall_s: float
    cpu_s: float
    rss_bytes: int

    def quantile_s(self, percent: int) -> float | None:
        if not self.latencies_s:
            return None
        ordered = sorted(self.latencies_s)
        return quantiles(ordered, n=100, method="inclusive")[percent - 1] if len(ordered) > 1 else ordered[0]


def follow(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path,
    timeout_s: float,
    when_shown: tuple[bytes, Callable[[], None]] | None = None,
) -> Followed:
    """Runs it to its end and reads what it prints. `when_shown`: a text and what is done as soon as that is printed.

    Raises `BrokenError` if it fails or is not done in time.
    """
    begin, wait = time.time(), when_shown
    process = subprocess.Popen(argv, env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=-1, stderr=subprocess.STDOUT)
    assert process.stdout is not None
    deadline = threading.Timer(timeout_s, process.terminate)
    deadline.start()
    parts: list[tuple[int, bytes]] = []  # understood at the end: until then the processor is the program's
    memory, tail = _Memory(process.pid), b""
    while data := os.read(process.stdout.fileno(), _READ_BYTES):
        parts.append((time.time_ns(), data))
        shown = tail + data
        if wait and wait[0] in shown:
            wait[1]()
            wait = None
        tail = shown[-2000:]
        memory.look()
    process.stdout.close()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    is_over = not deadline.is_alive()
    deadline.cancel()
    if process.returncode != 0:
        over = f"not done after {timeout_s:.0f} s" if is_over else f"exit code {process.returncode}"
        raise BrokenError(f"{' '.join(argv)}: {over}\n{tail.decode(errors='replace')}")
    ended = time.time()
    seen = _Seen.of(parts)
    return Followed(
        latencies_s=seen.latencies_s,
        lines=len(seen.numbers),
        repeated=seen.repeated,
        ended_at=ended,
        wall_s=ended - begin,
        cpu_s=usage.ru_utime + usage.ru_stime,
        rss_bytes=memory.peak_bytes,
    )


class _Seen:
    def __init__(self) -> None:
        self.latencies_s: list[float] = []
        self.numbers: set[int] = set()
        self.repeated = 0

    @classmethod
    def of(cls, parts: Iterable[tuple[int, bytes]]) -> Self:
        """What was read, and when. A line is there when its end is, the last one when it ends."""
        seen, now_ns, tail = cls(), 0, b""
        for now_ns, data in parts:
            whole, _, tail = (tail + data).rpartition(b"\n")
            seen.add(whole, now_ns)
        seen.add(tail, now_ns)
        return seen

    def add(self, text: bytes, now_ns: int) -> None:
        for number, written_ns in _STAMP.findall(text):
            if int(number) in self.numbers:
                self.repeated += 1
            else:
                self.numbers.add(int(number))
                self.latencies_s.append((now_ns - int(written_ns)) / 1e9)


class _Memory:
    """The peak of a program's memory, which is read while it runs: what `wait4` says of a child is at least the memory
    of its parent."""

    EVERY_S = 0.1

    def __init__(self, pid: int) -> None:
        self._status = Path(f"/proc/{pid}/status")
        self._next = 0.0
        self.peak_bytes = 0

    def look(self) -> None:
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + self.EVERY_S
        with contextlib.suppress(OSError):
            found = re.search(r"VmHWM:\s+(\d+) kB", self._status.read_text())
            self.peak_bytes = max(self.peak_bytes, int(found[1]) * 1024 if found else 0)
