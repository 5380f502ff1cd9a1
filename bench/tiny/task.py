"""Takes arguments as a trainer does, notes when it ran, and is done."""

from __future__ import annotations

import argparse
import os
import sys
import time


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--job-dir", default="")
    parser.add_argument("--note", default="", help="file that gets a line: start and end of this process")
    parser.add_argument("--sleep", type=float, default=0.0, help="seconds that it takes")
    args = parser.parse_args()
    time.sleep(args.sleep)
    if args.note:
        note(args.note)
    print("tiny is done")


def note(path: str) -> None:
    """One `write` of one short line on an appending descriptor: lines of jobs at the same time never mix."""
    start = process_start()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.write(descriptor, f"{start:.3f} {clock():.3f}\n".encode())
    os.close(descriptor)


def clock() -> float:
    """Seconds since the machine booted, equal in all processes."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if sys.platform == "linux" else time.monotonic()


def process_start() -> float:
    """When this process began, never too early: Linux counts it in ticks of 10 ms, rounded down."""
    if sys.platform != "linux":
        return clock()
    with open("/proc/self/stat", encoding="ascii", errors="replace") as stat:  # noqa: PTH123 - pathlib loads slowly
        after_name = stat.read().rpartition(")")[2].split()
    ticks = int(after_name[19])  # field 22 of proc(5), `starttime`
    return min(clock(), (ticks + 1) / os.sysconf("SC_CLK_TCK"))


if __name__ == "__main__":
    main()
