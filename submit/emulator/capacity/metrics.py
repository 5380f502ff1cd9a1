"""What a job takes of a region's quotas, by the names of Vertex AI's quota metrics. Pure.

https://cloud.google.com/vertex-ai/docs/quotas
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from submit import catalogue

PREFIX = "custom_model_training_"
_SPOT = "preemptible_"
_SPOT_STRATEGIES = ("SPOT", "LOW_COST", "FLEX_START")
"""Those that use the quotas of preemptible machines."""
_SHORT = {
    "nvidia_h100_80gb": "nvidia_h100",
    "nvidia_h100_mega_80gb": "nvidia_h100_mega",
    "nvidia_h200_141gb": "nvidia_h200",
}


class Machines(NamedTuple):
    """`replicas` equal machines of a job; `accelerators` is the number on each."""

    machine_type: str
    accelerator: str | None
    accelerators: int
    replicas: int


def machines(request: Mapping[str, Any]) -> list[Machines]:
    """Of an engine's request, all trials that run at once counted; without those that are kept for the user."""
    trials = int((request.get("study") or {}).get("parallel_trials") or 1)
    return [
        Machines(pool["machine"]["type"], *_accelerators(pool["machine"]), pool["replicas"] * trials)
        for pool in request["pools"]
        if pool.get("machine")
    ]


class Need(NamedTuple):
    """`amounts` by metric, and the `resources` that may be out of stock: accelerators, else machine types.

    Kept with the job, so that a thousand of them are looked through in no time.
    """

    region: str
    amounts: Mapping[str, int]
    resources: Sequence[str]

    @classmethod
    def of(cls, request: Mapping[str, Any]) -> Need:
        spot = _SPOT if request.get("strategy") in _SPOT_STRATEGIES else ""
        amounts: Counter[str] = Counter()
        for kind in machines(request):
            amounts[f"{PREFIX}{spot}cpus"] += _cpus(kind.machine_type) * kind.replicas
            if kind.accelerator:
                amounts[f"{PREFIX}{spot}{_suffix(kind.accelerator)}"] += kind.accelerators * kind.replicas
        resources = [kind.accelerator or kind.machine_type for kind in machines(request)]
        return cls(str(request.get("region")), dict(+amounts), resources)


def usage(needs: Iterable[Need]) -> dict[str, Counter[str]]:
    """Amounts by region and metric."""
    used: dict[str, Counter[str]] = {}
    for need in needs:
        used.setdefault(need.region, Counter()).update(need.amounts)
    return used


def metric_named(word: str) -> str | None:
    """The metric that is meant by `cpus`, `NVIDIA_TESLA_T4`, `preemptible_nvidia_t4_gpus`; None for what is none."""
    name = f"{PREFIX}{_suffix(word)}" if word in catalogue.accelerator_names() else word
    name = name if name.startswith(PREFIX) else f"{PREFIX}{name}"
    return name if name in metric_names() else None


@cache
def metric_names() -> tuple[str, ...]:
    suffixes = ["cpus", *map(_suffix, catalogue.accelerator_names())]
    return tuple(f"{PREFIX}{spot}{suffix}" for spot in ("", _SPOT) for suffix in dict.fromkeys(suffixes))


def _accelerators(machine: Mapping[str, Any]) -> tuple[str | None, int]:
    return machine.get("accelerator"), int(machine.get("accelerators") or 0)


def _suffix(accelerator: str) -> str:
    """`NVIDIA_TESLA_T4` -> `nvidia_t4_gpus`; `TPU_V3` -> `tpu_v3`."""
    name = accelerator.lower().replace("tesla_", "")
    return f"{_SHORT.get(name, name)}_gpus" if name.startswith("nvidia") else name


def _cpus(machine_type: str) -> int:
    """Of a machine that Vertex AI no longer has, what its name says."""
    known = catalogue.machine(machine_type)
    number = re.search(r"-(\d+)$", machine_type)
    return (known and known.vcpus) or int(number[1] if number else 0)
