"""Many trivial jobs through the queue: how fast, what each costs, how many at once, and whether any is lost."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from bench import processes, programs
from bench.arms import Arm, Measured, Sample, alternate, ratio
from bench.commands import python
from bench.processes import BrokenError
from bench.report import Limit, Report, milliseconds, missing, times
from bench.setting import Setting, concurrency

DRIVERS = Path(__file__).parent / "drivers.py"


def run_30(setting: Setting) -> Report:
    return _run(setting, 30)


def run_300(setting: Setting) -> Report:
    return _run(setting, 300)


def most_at_once(spans: Iterable[tuple[float, float]]) -> int:
    """How many of the spans (start, end) overlap at most; one that ends when another starts does not."""
    edges = sorted([(start, 1) for start, _ in spans] + [(end, -1) for _, end in spans])
    now = most = 0
    for _, change in edges:
        now += change
        most = max(most, now)
    return most


def _run(setting: Setting, jobs: int) -> Report:
    arms = [
        Arm("jobdir", lambda: _driver(setting, jobs, "jobdir", peer=False)),
        Arm("PSI/J, local", lambda: _driver(setting, jobs, "psij")),
        Arm("TorchX, local_cwd", lambda: _driver(setting, jobs, "torchx")),
    ]
    measured = alternate(arms, setting.runs)
    ours, limit = measured[0], concurrency()
    most, ran = ours.most("at_once"), ours.least("ran")
    return Report(
        title=f"queue: {jobs} trivial jobs, submitted and awaited in one Python program",
        columns=("jobs/s", "wall", "CPU per job", "at once", "ran", "jobdir ÷ it (wall)", "(CPU)"),
        rows=[_row(arm, ours, jobs) for arm in measured],
        limits=[
            Limit(f"jobdir: at once ≤ {limit}, which it was told to keep to", most, limit),
            Limit("jobdir: jobs lost ≤ 0", None if ran is None else jobs - ran, 0),
        ],
        notes=["neither PSI/J nor TorchX has a queue here: both start every job at once, as fast as they can"],
        broken=[arm for arm in measured if arm.broken],
    )


def _driver(setting: Setting, jobs: int, library: str, *, peer: bool = True) -> Callable[[], Sample]:
    if peer:
        programs.library(library)
    argv = python("-P", str(DRIVERS), library, str(jobs), str(setting.note))

    def once() -> Sample:
        setting.note.unlink(missing_ok=True)
        ran = processes.run(argv, env=setting.env, cwd=setting.project, expect="succeeded")
        outcome = json.loads(ran.stdout.splitlines()[-1])
        spans = _spans(setting.note)
        if outcome["succeeded"] != len(spans):
            raise BrokenError(f"{library}: {outcome['succeeded']} jobs are said to have succeeded, {len(spans)} ran")
        cpu_s = None if ran.cpu_s is None else (ran.cpu_s - outcome["import_cpu_s"]) / jobs
        return {"wall_s": outcome["wall_s"], "cpu_s": cpu_s, "at_once": most_at_once(spans), "ran": len(spans)}

    return once


def _spans(note: Path) -> list[tuple[float, float]]:
    lines = note.read_text(encoding="ascii").splitlines() if note.exists() else []
    return [(float(start), float(end)) for start, end in map(str.split, lines)]


def _row(arm: Measured, ours: Measured, jobs: int) -> Sequence[str]:
    wall_s, at_once, ran = arm.median("wall_s"), arm.most("at_once"), arm.least("ran")
    if wall_s is None or at_once is None or ran is None:
        return missing(arm)
    shares = ("", "") if arm is ours else (times(ratio(ours, arm, "wall_s")), times(ratio(ours, arm, "cpu_s")))
    return (
        arm.name,
        f"{jobs / wall_s:.1f}",
        f"{wall_s:.2f} s",
        milliseconds(arm.median("cpu_s")),
        f"{at_once:.0f}",
        f"{ran:.0f}",
        *shares,
    )
