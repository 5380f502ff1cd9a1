"""Jobs that write stamped lines, and what a reader of one saw of them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from bench import programs
from bench.emulated import BUCKET, REGION, submit
from bench.followed import Followed, follow
from bench.processes import BrokenError
from bench.setting import Setting

AWAITED = b"this line is awaited"
TASK = "stamped.task"
TIMEOUT_S = 600.0
START_S = 60.0
POLL_S = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What a job writes: four lines a second for so long, then bursts."""

    seconds: float = 0.0
    bursts: int = 0
    burst_lines: int = 10_000

    def args(self, place: Path) -> list[str]:
        bursts = [f"--bursts={self.bursts}", f"--burst-lines={self.burst_lines}"]
        return [f"--place={place}", f"--seconds={self.seconds}", *bursts]


def started(setting: Setting, load: Load, place: Path, flags: Sequence[str]) -> str:
    """The handle of a job that waits until its first line was read; `flags` lead to another backend than `local`."""
    bucket = [f"--staging-bucket={BUCKET}", f"--region={REGION}"] if flags else []
    package = ["--package-path=stamped", f"--module-name={TASK}"]
    handle = submit(setting, "train", "--async", *flags, *bucket, *package, "--", *load.args(place)).strip()
    _wait_for(place / "ready", START_S)
    return handle


def submit_stream(handle: str) -> Sequence[str]:
    return [*programs.submit(), "jobs", "stream-logs", handle]


def followed(argv: Callable[[Path], Sequence[str]], setting: Setting) -> dict[str, float | None]:
    """`argv` starts a job that notes its life in that folder, and gives the command that follows it."""
    with job_place(setting) as place:
        go_on = (AWAITED, (place / "go").touch)
        seen = follow(argv(place), env=setting.env, cwd=setting.project, timeout_s=TIMEOUT_S, when_shown=go_on)
        done = written(place)
    return sample(seen, done["lines"]) | {"exit_s": seen.ended_at - done["at"]}


def sample(seen: Followed, lines: float) -> dict[str, float | None]:
    """`lines` were written."""
    quantiles_s = {f"p{percent}_s": seen.quantile_s(percent) for percent in (50, 95)}
    return {
        **quantiles_s,
        "max_s": max(seen.latencies_s, default=None),
        "lost": lines - seen.lines,
        "repeated": float(seen.repeated),
        "wall_s": seen.wall_s,
        "cpu_s": seen.cpu_s,
        "cpu_us": seen.cpu_s / lines * 1e6,
        "us": seen.wall_s / lines * 1e6,
        "rss_mb": seen.rss_bytes / 1e6,
    }


@contextmanager
def job_place(setting: Setting) -> Iterator[Path]:
    """A folder for a job's notes; whatever happens, the job does not wait for ever."""
    place = Path(mkdtemp(dir=setting.root))
    try:
        yield place
    finally:
        (place / "go").touch()


def written(place: Path) -> dict[str, float]:
    """What a job says when it is done: how many lines it wrote, and when it was `at` its end (seconds since 1970)."""
    _wait_for(place / "done", TIMEOUT_S)
    note: dict[str, float] = json.loads((place / "done").read_text(encoding="ascii"))
    return note


def _wait_for(file: Path, patience_s: float) -> None:
    deadline = time.monotonic() + patience_s
    while not file.exists():
        if time.monotonic() > deadline:
            raise BrokenError(f"the job has not written `{file.name}` after {patience_s:.0f} s")
        time.sleep(POLL_S)
