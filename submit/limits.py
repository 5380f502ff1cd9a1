"""What a job may cost, as the time that its machines may run. Pure."""

from __future__ import annotations

import math
from dataclasses import replace

from submit.errors import UsageError
from submit.job import Scheduling, Study

LEAST_S = 60.0
"""Less is not worth the start of a machine."""


def within_cost(
    scheduling: Scheduling, hourly_usd: float | None, study: Study | None, *, fallbacks: bool
) -> Scheduling:
    """With the time-out that keeps the job below its cost, if it has a limit: the time that it pays for.

    `hourly_usd` is that of all machines that run at once. Of a study each round of trials has its part.
    """
    limit = scheduling.max_cost_usd
    if limit is None:
        return scheduling
    instead = "Limit the time instead, like `--max-run-time 2h`."
    if fallbacks:
        raise UsageError("a limit of costs and fallbacks do not go together: those have other prices", hint=instead)
    if hourly_usd is None:
        raise UsageError("a limit of costs cannot be kept: one of the machines has no list price", hint=instead)
    affordable_s = float(math.floor(limit / hourly_usd * 3600 / _rounds(study)))
    if affordable_s < LEAST_S:
        raise UsageError(
            f"${limit:.2f} pay for {affordable_s:g} s of machines at ${hourly_usd:.2f} an hour",
            hint=f"Allow at least ${hourly_usd * LEAST_S / 3600 * _rounds(study):.2f}, or choose other machines.",
        )
    return replace(scheduling, timeout_s=min(affordable_s, scheduling.timeout_s or math.inf))


def _rounds(study: Study | None) -> int:
    return math.ceil(study.max_trials / max(1, min(study.parallel_trials, study.max_trials))) if study else 1
