"""`python -m bench [NAME ...]`: runs benchmarks and prints a table for each."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from bench import (
    calls,
    clusters,
    install,
    job,
    log_replay,
    logs,
    package,
    processes,
    programs,
    queued,
    start,
    submitted,
)
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
    "logs-steady": logs.steady,
    "logs-bursts": logs.bursts,
    "logs-late": logs.late,
    "logs-replay": log_replay.replay,
    "clusters-noop": clusters.noop,
    "clusters-submit": clusters.submit,
    "clusters-array-100": clusters.array_100,
    "clusters-array-1000": clusters.array_1000,
    "clusters-status": clusters.status,
    "clusters-status-array": clusters.status_array,
    "clusters-cancel": clusters.cancel,
    "clusters-follow": clusters.follow,
}
BRIEF = ("clusters-noop", "clusters-array")
ONLY_WHEN_NAMED = ("install", "logs", "clusters")  # slow; the first needs the network, the last a Slurm


def main() -> int:
    arguments = _arguments()
    processes.adopt_orphans()
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    print(f"Python {platform.python_version()}, {machine}; {programs.versions()}")
    broken = False
    for name in _meant(arguments.names):
        report = _run(BENCHMARKS[name], arguments.runs or _runs(name), quick=arguments.quick)
        broken |= bool(report.broken)
    return 1 if broken else 0


def _meant(names: Sequence[str]) -> list[str]:
    """`queue` stands for `queue-30` and `queue-300`."""
    if not names:
        return [name for name in BENCHMARKS if not name.startswith(ONLY_WHEN_NAMED)]
    meant = [each for name in names for each in ([name] if name in BENCHMARKS else _those_below(name))]
    return sorted(meant, key=lambda name: name.startswith("clusters"))  # theirs runs on until the end


def _those_below(name: str) -> list[str]:
    return [each for each in BENCHMARKS if each.startswith(f"{name}-")]


def _runs(name: str) -> int:
    """A log is one run of many lines, which takes long enough, as do many jobs on a cluster."""
    return 1 if name.startswith(("logs", "clusters")) and not name.startswith(BRIEF) else 5


def _run(benchmark: Callable[[Setting], Report], runs: int, *, quick: bool) -> Report:
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        report = benchmark(prepare(Path(folder), runs, quick=quick))
    print(
        f"\n{report}\n  {runs} runs of each in turns, load {before:.1f} before and {os.getloadavg()[0]:.1f} after",
        flush=True,
    )
    return report


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measures jobdir side by side with its peers.")
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help=f"{', '.join(BENCHMARKS)} (default: all but {', '.join(ONLY_WHEN_NAMED)}); "
        "logs and clusters stand for all that begin so",
    )
    parser.add_argument("--runs", type=int, help="how often each arm is measured (default: 5; logs and clusters: 1)")
    parser.add_argument("--quick", action="store_true", help="logs and clusters: leave out what takes minutes")
    arguments = parser.parse_args()
    if unknown := [name for name in arguments.names if not _meant([name])]:
        parser.error(f"unknown benchmark: {unknown[0]}")
    return arguments


if __name__ == "__main__":
    sys.exit(main())
