"""How a job's log reaches a reader: how late, how much of it, and what it costs.

Every arm follows a job of its own that writes the same stamped lines; it is there before the first of them is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from bench import programs
from bench.arms import Arm, Measured, Sample, alternate
from bench.emulated import REGION, emulated
from bench.log_jobs import TASK, Load, followed, started, submit_stream
from bench.report import Limit, Report, missing
from bench.setting import Setting

Watch = Callable[[str], Sequence[str]]
"""The command that follows the job of that handle. Raises `AbsentError` if it is not here."""


def steady(setting: Setting) -> Report:
    load = Load(seconds=10 if setting.quick else 30)
    with emulated(setting) as google:
        arms = [_local(setting, load), _torchx(setting, load), _vertex(google, load), *_gcloud(google, load)]
        measured = alternate(arms, setting.runs, warm=False)
    return report(f"logs: four lines a second for {load.seconds:.0f} s", measured, _limits(measured[0], measured[2]))


def bursts(setting: Setting) -> Report:
    load = Load(seconds=2, bursts=2)
    with emulated(setting) as google:
        arms = [_local(setting, load), _torchx(setting, load), _vertex(google, load), _gcloud_ai(google, load, "1")]
        measured = alternate(arms, setting.runs, warm=False)
    notes = ["gcloud reads 1,000 lines with each poll: by default it would take 20 minutes, and is left out"]
    title = f"logs: {load.bursts} bursts of {load.burst_lines:,} lines"
    return report(title, measured, _limits(measured[0], measured[2]), notes)


def late(setting: Setting) -> Report:
    load = Load(seconds=10 if setting.quick else 30, bursts=1, burst_lines=1_000)
    with emulated(setting, late=True) as google:
        arms = [_vertex(google, load), _gcloud_ai(google, load, "1")]
        measured = alternate(arms, setting.runs, warm=False)
    limits = [_at_most("lines lost", measured[0], "lost"), _at_most("lines repeated", measured[0], "repeated")]
    notes = ["the latencies have the lateness in them: half of the late lines are later than 15 s"]
    return report("logs: 5 % of the lines come up to 30 s late and out of order", measured, limits, notes)


def _local(setting: Setting, load: Load) -> Arm:
    return following("submit, this machine", setting, load, [], submit_stream)


def _vertex(setting: Setting, load: Load) -> Arm:
    return following("submit, emulator", setting, load, ["--backend=vertex"], submit_stream)


def _torchx(setting: Setting, load: Load) -> Arm:
    """It runs a job and shows its log; there is no job before."""

    def prepare() -> Callable[[], Sample]:
        run = [programs.torchx(), "run", "-s", "local_cwd", "utils.python", "-m", TASK]
        return lambda: followed(lambda place: [*run, "--", *load.args(place)], setting)

    return Arm("torchx run -s local_cwd", prepare)


def _gcloud(setting: Setting, load: Load) -> Iterator[Arm]:
    for poll_s in ("1",) if setting.quick else ("1", "60"):
        yield _gcloud_ai(setting, load, poll_s)
        yield _gcloud_ml_engine(setting, load, poll_s)


def _gcloud_ai(setting: Setting, load: Load, poll_s: str) -> Arm:
    def watch(handle: str) -> Sequence[str]:
        job = handle.rpartition("/")[2]
        return [programs.gcloud(), "ai", "custom-jobs", "stream-logs", job, f"--region={REGION}", *_polling(poll_s)]

    return following(f"gcloud ai custom-jobs, {_named(poll_s)}", setting, load, ["--backend=vertex"], watch)


def _gcloud_ml_engine(setting: Setting, load: Load, poll_s: str) -> Arm:
    def watch(handle: str) -> Sequence[str]:
        job = handle.rpartition("/")[2]
        return [programs.gcloud(), "ml-engine", "jobs", "stream-logs", job, *_polling(poll_s)]

    return following(f"gcloud ml-engine jobs, {_named(poll_s)}", setting, load, ["--backend=mlengine"], watch)


def _polling(poll_s: str) -> list[str]:
    """60 is what both commands do by themselves."""
    return [] if poll_s == "60" else [f"--polling-interval={poll_s}"]


def _named(poll_s: str) -> str:
    return "default (60 s)" if poll_s == "60" else f"{poll_s} s"


def following(name: str, setting: Setting, load: Load, flags: Sequence[str], watch: Watch) -> Arm:
    def prepare() -> Callable[[], Sample]:
        watch("")

        def argv(place: Path) -> Sequence[str]:
            return watch(started(setting, load, place, flags))

        return lambda: followed(argv, setting)

    return Arm(name, prepare)


def _limits(local: Measured, google: Measured) -> list[Limit]:
    """Of our own arms."""
    limits = [
        Limit("this machine: p95 ≤ 0.1 s", local.median("p95_s"), 0.1),
        Limit("emulator: p95 ≤ 0.5 s", google.median("p95_s"), 0.5),
    ]
    for name, arm in (("this machine", local), ("emulator", google)):
        limits += [*losses(name, arm), Limit(f"{name}: from the job's end to exit ≤ 1 s", arm.median("exit_s"), 1.0)]
    return limits


def losses(name: str, arm: Measured) -> list[Limit]:
    return [_at_most(f"{name}: lines lost", arm, "lost"), _at_most(f"{name}: lines repeated", arm, "repeated")]


def _at_most(text: str, arm: Measured, key: str) -> Limit:
    return Limit(f"{text} ≤ 0", arm.most(key), 0)


def report(title: str, measured: Sequence[Measured], limits: Sequence[Limit], notes: Sequence[str] = ()) -> Report:
    return Report(
        title=title,
        columns=("p50", "p95", "max", "lost", "repeated", "end to exit", "CPU"),
        rows=[_row(arm) for arm in measured],
        limits=limits,
        notes=notes,
        broken=[arm for arm in measured if arm.broken],
    )


def _row(arm: Measured) -> Sequence[str]:
    if not arm.samples:
        return missing(arm)
    latencies = [_seconds(value) for value in (arm.median("p50_s"), arm.median("p95_s"), arm.most("max_s"))]
    counts = [f"{arm.most(key) or 0:.0f}" for key in ("lost", "repeated")]
    return (arm.name, *latencies, *counts, _seconds(arm.median("exit_s")), _seconds(arm.median("cpu_s")))


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f} s"
