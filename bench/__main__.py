"""`python -m bench [NAME ...]`: runs benchmarks and prints a table for each."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from bench import calls, install, job, package, processes, programs, queued, start, submitted
from bench.report import Report
from bench.setting import Setting, prepare

BENCHMARKS: Mapping[str, Callable[[Setting], Report]] = {
    "start": start.run,
    "job": job.run,
    "queue-30": queued.run_30,
    "queue-300": queued.run_300,
    "package": package.run,
    "install": install.run,
    "emulator": submitted.run,
    "emulator-calls": calls.run,
}
ONLY_WHEN_NAMED = ("install",)  # slow, and needs the network


def main() -> int:
    arguments = _arguments()
    processes.adopt_orphans()
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    print(f"Python {platform.python_version()}, {machine}; {programs.versions()}")
    broken = False
    for name in arguments.names or [name for name in BENCHMARKS if name not in ONLY_WHEN_NAMED]:
        report = _run(BENCHMARKS[name], arguments.runs)
        broken |= bool(report.broken)
    return 1 if broken else 0


def _run(benchmark: Callable[[Setting], Report], runs: int) -> Report:
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        report = benchmark(prepare(Path(folder), runs))
    print(
        f"\n{report}\n  {runs} runs of each in turns, load {before:.1f} before and {os.getloadavg()[0]:.1f} after",
        flush=True,
    )
    return report


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measures jobdir side by side with its peers.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(BENCHMARKS)} (default: all but install)")
    parser.add_argument("--runs", type=int, default=5, help="how often each arm is measured (default: 5)")
    arguments = parser.parse_args()
    if unknown := [name for name in arguments.names if name not in BENCHMARKS]:
        parser.error(f"unknown benchmark: {unknown[0]}")
    return arguments


if __name__ == "__main__":
    sys.exit(main())
