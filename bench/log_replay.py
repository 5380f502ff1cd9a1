"""The log of a job that has ended, read from its beginning: how fast, at what cost, in how much memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bench import programs
from bench.arms import Arm, Measured, Sample, alternate
from bench.emulated import REGION, emulated, submit
from bench.followed import follow
from bench.log_jobs import TIMEOUT_S, Load, job_place, sample, started, submit_stream, written
from bench.logs import losses
from bench.report import Limit, Report, missing
from bench.setting import Setting

LINES = 100_000
MANY = 1_000_000
FOR_GCLOUD = 5_000

Watch = Callable[[str], Sequence[str]]
"""The command that shows the log of the job of that handle. Raises `AbsentError` if it is not here."""


def replay(setting: Setting) -> Report:
    with emulated(setting) as google:
        arms = [
            _arm("submit, this machine", setting, LINES, [], submit_stream),
            _arm("submit, emulator", google, LINES, ["--backend=vertex"], submit_stream),
            _arm("gcloud ai custom-jobs, 1 s", google, FOR_GCLOUD, ["--backend=vertex"], _gcloud),
        ]
        if not setting.quick:
            arms.insert(1, _arm("submit, this machine, many", setting, MANY, [], submit_stream))
        measured = alternate(arms, setting.runs, warm=False)
    many = None if setting.quick else measured[1]
    return Report(
        title="logs: replay of a job that has ended",
        columns=("lines", "lines/s", "wall", "CPU per line", "memory", "lost", "repeated"),
        rows=[_row(arm) for arm in measured],
        limits=[*_limits("this machine", measured[0]), *_limits("emulator", measured[-2]), *_growth(measured[0], many)],
        notes=["the start of the program is in all figures"],
        broken=[arm for arm in measured if arm.broken],
    )


def _arm(name: str, setting: Setting, lines: int, flags: Sequence[str], watch: Watch) -> Arm:
    """One job is replayed in all rounds."""

    def prepare() -> Callable[[], Sample]:
        watch("")
        with job_place(setting) as place:
            handle = started(setting, Load(bursts=1, burst_lines=lines), place, flags)
        written(place)
        submit(setting, "jobs", "wait", handle)
        return lambda: (
            sample(follow(watch(handle), env=setting.env, cwd=setting.project, timeout_s=TIMEOUT_S), lines)
            | {"lines": float(lines)}
        )

    return Arm(name, prepare)


def _gcloud(handle: str) -> Sequence[str]:
    stream = ["ai", "custom-jobs", "stream-logs", handle.rpartition("/")[2], f"--region={REGION}"]
    return [programs.gcloud(), *stream, "--polling-interval=1"]


def _limits(where: str, ours: Measured) -> list[Limit]:
    return [
        Limit(f"{where}: µs for each line ≤ 20, which is 50,000 lines/s", ours.median("us"), 20),
        Limit(f"{where}: µs of CPU for each line ≤ 20", ours.median("cpu_us"), 20),
        *losses(where, ours),
    ]


def _growth(ours: Measured, many: Measured | None) -> list[Limit]:
    if many is None:
        return []
    rss, more = ours.most("rss_mb"), many.most("rss_mb")
    growth = None if rss is None or more is None else more / rss
    return [Limit(f"memory for {MANY:,} lines ≤ 1.5 × that for {LINES:,}", growth, 1.5)]


def _row(arm: Measured) -> Sequence[str]:
    lines, us, cpu_us = arm.median("lines"), arm.median("us"), arm.median("cpu_us")
    if lines is None or us is None or cpu_us is None:
        return missing(arm)
    return (
        arm.name,
        f"{lines:,.0f}",
        f"{1e6 / us:,.0f}",
        f"{us * lines / 1e6:.2f} s",
        f"{cpu_us:.1f} µs",
        f"{arm.most('rss_mb') or 0:.0f} MB",
        f"{arm.most('lost') or 0:.0f}",
        f"{arm.most('repeated') or 0:.0f}",
    )
