"""When a job may run and for how long, and what happens after a failure.

https://cloud.google.com/vertex-ai/docs/training/schedule-jobs-dws
"""

from __future__ import annotations

from collections.abc import Iterator

from submit.config.draft import Draft
from submit.config.paths import Mark
from submit.errors import Problem
from submit.job import Strategy

SEVEN_DAYS_S = 7 * 86400

_FLEX_START = ("NVIDIA_L4", "NVIDIA_TESLA_A100", "NVIDIA_A100_80GB", "NVIDIA_H100", "NVIDIA_H200", "NVIDIA_B200")
"""Prefixes of the accelerators that FLEX_START hands out."""


def flex_start(draft: Draft) -> Iterator[Problem]:
    scheduling, path = draft.config.scheduling, f"{draft.job}scheduling"
    if scheduling.strategy is not Strategy.FLEX_START:
        if draft.vertex and scheduling.max_wait_s is not None:
            hint = "Write `strategy: FLEX_START`, or remove it."
            yield draft.error(f"{path}.maxWaitDuration", "only FLEX_START waits", hint)
        return
    if scheduling.timeout_s is not None and scheduling.timeout_s > SEVEN_DAYS_S:
        yield draft.error(_timeout_path(draft), "FLEX_START runs a job for seven days at most", 'Write "604800s".')
    machines = list(draft.machines())
    for machine, paths in machines:
        if not (machine.accelerator_type or "").startswith(_FLEX_START):
            message = f"FLEX_START does not hand out `{machine.accelerator_type or machine.machine_type}`"
            yield draft.error(paths.machine, message, "It hands out L4, A100, H100, H200 and B200.")
        elif machine.machine_type != machines[0][0].machine_type:
            message = f"FLEX_START needs the same machine in every pool; the first is `{machines[0][0].machine_type}`"
            yield draft.error(paths.machine, message)


def _timeout_path(draft: Draft) -> str:
    return "submit.timeout" if "submit.timeout" in draft.marks else f"{draft.job}scheduling.timeout"


def retries(draft: Draft) -> Iterator[Problem]:
    for key in ("retry_on", "backoff"):
        if f"submit.{key}" in draft.marks and "submit.retries" not in draft.marks:
            yield draft.error(f"submit.{key}", "means nothing without `retries`", "Write `retries: 3` beside it.")


_SAID_TWICE = {
    "submit.timeout": ("trainingInput.scheduling.maxRunningTime", "{job}scheduling.timeout"),
    "submit.region": ("trainingInput.region",),
    "submit.job_dir": ("trainingInput.jobDir",),
    "submit.base_output_dir": ("{job}baseOutputDirectory.outputUriPrefix",),
}


def said_twice(draft: Draft) -> Iterator[Problem]:
    """What both formats can say must stand in one place only; on the command line, ours is stronger."""
    for ours, theirs in _SAID_TWICE.items():
        if ours not in draft.marks or not draft.marks.find(ours).place.line:
            continue
        for path in (template.format(job=draft.job) for template in theirs):
            if path in draft.marks:
                yield draft.error(ours, f"{_mention(draft.marks.find(path))} says this already", "Keep one of them.")


def _mention(mark: Mark) -> str:
    return f"`{mark.written}` in line {mark.place.line}" if mark.place.line else f"`{mark.place.file}`"


RULES = (flex_start, retries, said_twice)
