"""What the cloud says to a new job: no, wait, or yes. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from submit import catalogue
from submit.emulator.capacity.metrics import Need, machines
from submit.emulator.capacity.settings import Settings
from submit.emulator.rpc.errors import RpcError, bad_request

STOCK_OUT, QUOTA, QUEUED, PROVISIONING = "stock-out", "quota", "queued", "provisioning"
"""Why a job is held. One that is being provisioned is shown as such, the others as queued."""

_MINUTE = 60.0
_QUEUED_S = 10.0
_PROVISIONING_S = {"ml.jobs": 1.5 * _MINUTE}
_DEFAULT_S = 4.4 * _MINUTE
"""From `Job is preparing.` to `Job is running.`: 4 min 22 s on Vertex AI (February 2026), 92 s on ML Engine (March
2020), as captured logs of public repositories have it."""


class Stage(NamedTuple):
    """Why a job is held next (None: it may run), and how long in seconds (None: until something changes)."""

    held: str | None
    seconds: float | None = None


def refuse(need: Need, settings: Settings) -> None:
    """Raises the service's refusal of a job that could never run, or not today."""
    if any(settings.stock_out(need.region, resource) == "refuse" for resource in need.resources):
        raise RpcError("RESOURCE_EXHAUSTED", stock_out_words(need.region))
    if exceeded := _exceeded(need, settings, {}):
        metrics = ",".join(f"aiplatform.googleapis.com/{metric}" for metric in exceeded)
        raise RpcError("RESOURCE_EXHAUSTED", f"The following quota metrics exceed quota limits: {metrics}")


def refuse_retired(request: Mapping[str, Any]) -> None:
    for kind in machines(request):
        if kind.accelerator and catalogue.retired_accelerator(kind.accelerator):
            on = f'machine type "{kind.machine_type}"'
            raise bad_request(f'Accelerator "{kind.accelerator}" is not supported for {on}.')


def first_stage(need: Need, settings: Settings, used: Mapping[str, int]) -> Stage:
    """`used`: by all jobs of the region that came before."""
    if any(settings.stock_out(need.region, resource) for resource in need.resources):
        return Stage(STOCK_OUT)
    if _exceeded(need, settings, used):
        return Stage(QUOTA)
    return Stage(QUEUED, _QUEUED_S * settings.realistic) if settings.realistic else Stage(None)


def after_queue(kind: str, settings: Settings) -> Stage:
    """`kind` of resource: `ml.jobs` is ML Engine's."""
    seconds = _PROVISIONING_S.get(kind, _DEFAULT_S) * settings.realistic
    return Stage(PROVISIONING, seconds) if seconds else Stage(None)


def notices(request: Mapping[str, Any]) -> Iterator[str]:
    """Warnings for the job's log, each once."""
    names = dict.fromkeys(kind.accelerator for kind in machines(request) if kind.accelerator)
    for retired in filter(None, map(catalogue.retired_accelerator, names)):
        yield f"The accelerator {retired.name} is not available any more ({retired.why}); the emulator runs the job."


def stock_out_words(region: str) -> str:
    return f"Resources are insufficient in region: {region}. Try a different region or use a different accelerator."


def _exceeded(need: Need, settings: Settings, used: Mapping[str, int]) -> list[str]:
    """The metrics of which too little is left."""
    return [
        metric
        for metric, amount in need.amounts.items()
        if (limit := settings.quota(need.region, metric)) is not None and used.get(metric, 0) + amount > limit
    ]
