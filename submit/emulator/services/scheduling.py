"""What Vertex AI would say against a job's `Scheduling`.

https://cloud.google.com/vertex-ai/docs/reference/rest/v1/CustomJobSpec#Scheduling,
https://cloud.google.com/vertex-ai/docs/training/schedule-jobs-dws
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from submit.emulator.services.machines import machine_of
from submit.emulator.services.problems import Problem

_FLEX_START = 6
_LONGEST_S = 7 * 24 * 3600
_FLEXIBLE = (
    *("NVIDIA_L4", "NVIDIA_TESLA_A100", "NVIDIA_A100_80GB", "NVIDIA_H100_80GB", "NVIDIA_H100_MEGA_80GB"),
    *("NVIDIA_H200_141GB", "NVIDIA_B200"),
)


def problems(job_spec: Any, path: str) -> Iterator[Problem]:
    scheduling, path = job_spec.scheduling, f"{path}.scheduling"
    for field in ("timeout", "max_wait_duration"):
        if _seconds(scheduling, field) < 0:
            yield Problem(f"{path}.{field}", "The duration must not be negative.")
    if scheduling.strategy == _FLEX_START:
        yield from _flexible(job_spec, path)
    elif scheduling.HasField("max_wait_duration"):
        words = "The maximum wait duration can only be set with the strategy FLEX_START."
        yield Problem(f"{path}.max_wait_duration", words)


def _flexible(job_spec: Any, path: str) -> Iterator[Problem]:
    """Jobs that wait for machines: few kinds of them, all alike, for a week at most."""
    machines = {machine_of(pool.machine_spec) for pool in job_spec.worker_pool_specs if pool.replica_count}
    if any(machine.accelerator_type not in _FLEXIBLE for machine in machines):
        yield Problem(f"{path}.strategy", f"The strategy FLEX_START needs one of {', '.join(_FLEXIBLE)}.")
    if len(machines) > 1:
        words = "With the strategy FLEX_START all worker pools must have the same machine type and accelerators."
        yield Problem(f"{path}.strategy", words)
    if _seconds(job_spec.scheduling, "timeout") > _LONGEST_S:
        words = f"With the strategy FLEX_START the timeout must not exceed {_LONGEST_S} seconds."
        yield Problem(f"{path}.timeout", words)


def _seconds(scheduling: Any, field: str) -> float:
    return float(getattr(scheduling, field).ToTimedelta().total_seconds()) if scheduling.HasField(field) else 0.0
