"""How long a command takes that does nothing: the price of every other one."""

from __future__ import annotations

from bench import programs
from bench.arms import alternate, ratio
from bench.commands import command, python
from bench.report import Limit, Report, timings
from bench.setting import Setting


def run(setting: Setting) -> Report:
    arms = [
        command("submit --help", lambda: [*programs.submit(), "--help"], setting, expect="stream-logs"),
        command("gcloud version", lambda: [programs.gcloud(), "version"], setting, expect="Google Cloud SDK"),
        command("torchx --help", lambda: [programs.torchx(), "--help"], setting, expect="run"),
        command("python -c pass (the floor)", lambda: python("-c", "pass"), setting),
    ]
    ours, gcloud, *others = alternate(arms, setting.runs)
    limits = [
        Limit("submit --help ≤ 0.10 s", ours.median("wall_s"), 0.10),
        Limit("submit --help ≤ 0.25 × gcloud version", ratio(ours, gcloud, "wall_s"), 0.25),
    ]
    return timings("start: a command that does nothing", [ours, gcloud, *others], limits)
