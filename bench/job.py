"""One trivial job on this machine, from the command to its exit; the first run, which fills caches, does not count."""

from __future__ import annotations

from bench import programs
from bench.arms import alternate, ratio
from bench.commands import command, python
from bench.report import Limit, Report, timings
from bench.setting import Setting

DONE = "tiny is done"
PLACE = ("--package-path", "tiny", "--module-name", "tiny.task")


def run(setting: Setting) -> Report:
    arms = [
        command("submit train", lambda: [*programs.submit(), "train", *PLACE], setting, expect=DONE),
        command("torchx run -s local_cwd", _torchx, setting, expect=DONE),
        command("gcloud ai-platform local train", _gcloud, setting, expect=DONE),
        command("python -m tiny.task (the floor)", lambda: python("-m", "tiny.task"), setting, expect=DONE),
    ]
    ours, torchx, gcloud, floor = alternate(arms, setting.runs)
    limits = [
        Limit("submit train ≤ 0.35 s", ours.median("wall_s"), 0.35),
        Limit("submit train ≤ 0.35 × torchx run", ratio(ours, torchx, "wall_s"), 0.35),
        Limit("submit train ≤ 0.5 × gcloud local train", ratio(ours, gcloud, "wall_s"), 0.5),
    ]
    notes = ["torchx asks once a second whether the job has ended; gcloud and torchx package and isolate nothing"]
    return timings("job: one trivial job, warm, from command to exit", [ours, torchx, gcloud, floor], limits, notes)


def _torchx() -> list[str]:
    return [programs.torchx(), "run", "-s", "local_cwd", "utils.python", "-m", "tiny.task"]


def _gcloud() -> list[str]:
    return [programs.gcloud(), "ai-platform", "local", "train", *PLACE]
