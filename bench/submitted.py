"""A job from the command to its creation at the emulator, against what users of Vertex AI have: gcloud and the SDK."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from itertools import count
from pathlib import Path
from urllib.request import urlopen

from bench import processes, programs
from bench.arms import Arm, Measured, Sample, alternate, ratio
from bench.commands import command, python
from bench.occupied import Occupied, occupied, train
from bench.report import Limit, Report, milliseconds, missing, times
from bench.setting import Setting

SDK = Path(__file__).with_name("sdk.py")
DESCRIBED = "described"


def run(setting: Setting) -> Report:
    with occupied(setting) as here:
        beside = partial(command, setting=here.setting, reap=False)
        arms = [
            beside("submit train, new code", lambda: train(here.bucket, "tiny"), before=_change(here)),
            beside("submit train, unchanged", lambda: train(here.bucket, "tiny")),
            _gcloud_submit(here),
            beside("SDK, CustomJob.submit()", lambda: _sdk(here)),
            beside("submit jobs describe", lambda: [*programs.submit(), "jobs", "describe", here.running]),
            beside("gcloud ml-engine jobs describe", lambda: _gcloud("describe", DESCRIBED)),
        ]
        measured = alternate(arms, setting.runs)
        sent = _bytes_sent_again(here)
    return Report(
        title="emulator: a job from the command to its creation, and a look at one",
        columns=("median", "least", "CPU", "÷ gcloud"),
        rows=[_row(arm, measured[2 if number < 4 else 5]) for number, arm in enumerate(measured)],
        limits=_limits(measured, sent),
        broken=[arm for arm in measured if arm.broken],
    )


def _row(arm: Measured, gcloud: Measured) -> Sequence[str]:
    if not arm.samples:
        return missing(arm)
    figures = (arm.median("wall_s"), arm.least("wall_s"), arm.median("cpu_s"))
    return (arm.name, *map(milliseconds, figures), times(ratio(arm, gcloud, "wall_s")))


def _limits(measured: Sequence[Measured], sent: int) -> list[Limit]:
    new, same, gcloud, _, ours, theirs = measured
    return [
        Limit("submit train, new code ≤ 0.6 × gcloud", ratio(new, gcloud, "wall_s"), 0.6),
        Limit("submit train, unchanged ≤ 0.25 × gcloud", ratio(same, gcloud, "wall_s"), 0.25),
        Limit("submit jobs describe ≤ 0.3 × gcloud", ratio(ours, theirs, "wall_s"), 0.3),
        Limit("bytes sent to the bucket with unchanged code ≤ 0", sent, 0),
    ]


def _change(here: Occupied) -> Callable[[], None]:
    task, numbers = here.setting.project / "tiny" / "task.py", count()
    text = task.read_text(encoding="utf-8")
    return lambda: _written(task, f"{text}\n# {next(numbers)}\n")


def _written(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _gcloud_submit(here: Occupied) -> Arm:
    """Each job needs a name of its own. gcloud builds and sends the package each time, changed or not."""

    def prepare() -> Callable[[], Sample]:
        names = (f"tiny_{number}" for number in count())
        _run(here, _submission(here, DESCRIBED))
        return lambda: _run(here, _submission(here, next(names)))

    return Arm("gcloud ml-engine jobs submit", prepare)


def _run(here: Occupied, argv: Sequence[str]) -> Sample:
    ran = processes.run(argv, env=here.setting.env, cwd=here.setting.project, reap=False)
    return {"wall_s": ran.wall_s, "cpu_s": ran.cpu_s}


def _submission(here: Occupied, name: str) -> list[str]:
    place = ["--package-path", "tiny", "--module-name", "tiny.task", "--staging-bucket", str(here.bucket)]
    runtime = ["--region", "us-central1", "--runtime-version", "2.11", "--python-version", "3.7"]
    return [*_gcloud("submit", "training", name), *place, *runtime]


def _sdk(here: Occupied) -> list[str]:
    return python(str(SDK), here.google.url, str(here.bucket), "tiny/task.py")


def _gcloud(*argv: str) -> list[str]:
    return [programs.gcloud(), "ml-engine", "jobs", *argv]


def _bytes_sent_again(here: Occupied) -> int:
    """How much of what is in the bucket is new after one more submission: each write gives a new generation."""
    before = _objects(here)
    _run(here, train(here.bucket, "tiny"))
    return sum(size for key, size in _objects(here).items() if key not in before)


def _objects(here: Occupied) -> dict[tuple[str, str], int]:
    with urlopen(f"{here.google.url}/storage/v1/b/{here.bucket.name}/o") as answer:
        found = json.load(answer).get("items", [])
    return {(item["name"], item["generation"]): int(item["size"]) for item in found}
