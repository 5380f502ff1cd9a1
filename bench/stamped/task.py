"""Writes lines `stamp NUMBER NANOSECONDS`, each as soon as it is made, and notes when it was done.

It says a first line, waits until somebody has read it, then writes at a steady rate, and after that in bursts.
"""

from __future__ import annotations

import argparse
import json
import time
from itertools import count
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--job-dir", default="")
    parser.add_argument(
        "--place", type=Path, required=True, help="folder: `ready` and `done` are written, `go` awaited"
    )
    parser.add_argument("--seconds", type=float, default=0.0, help="how long it writes steadily")
    parser.add_argument("--rate", type=float, default=4.0, help="lines a second")
    parser.add_argument("--bursts", type=int, default=0)
    parser.add_argument("--burst-lines", type=int, default=10_000)
    args = parser.parse_args()

    print("this line is awaited", flush=True)
    (args.place / "ready").touch()
    while not (args.place / "go").exists():
        time.sleep(0.01)
    numbers = count()
    begin = time.monotonic()
    for step in range(int(args.seconds * args.rate)):
        time.sleep(max(0.0, begin + step / args.rate - time.monotonic()))
        stamp(next(numbers))
    for _ in range(args.bursts):
        for _ in range(args.burst_lines):
            stamp(next(numbers))
        time.sleep(1.0)
    unfinished = args.place / "done.part"
    unfinished.write_text(json.dumps({"lines": next(numbers), "at": time.time()}), encoding="ascii")
    unfinished.rename(args.place / "done")


def stamp(number: int) -> None:
    print(f"stamp {number} {time.time_ns()}", flush=True)


if __name__ == "__main__":
    main()
