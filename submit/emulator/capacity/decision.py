"""What the cloud says to a new job: no, wait, or yes. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from submit import catalogue
from submit.emulator.capacity.metrics import demand, machines, resources
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


def refuse(request: Mapping[str, Any], settings: Settings) -> None:
    """Raises the service's refusal of a job that it could never run, or not today."""
    region = str(request.get("region"))
    if settings.refuses_retired:
        for kind in machines(request):
            if kind.accelerator and catalogue.retired_accelerator(kind.accelerator):
                on = f'machine type "{kind.machine_type}"'
                raise bad_request(f'Accelerator "{kind.accelerator}" is not supported for {on}.')
    if any(settings.stock_out(region, resource) == "refuse" for resource in resources(request)):
        raise RpcError("RESOURCE_EXHAUSTED", stock_out_words(region))
    if exceeded := _exceeded(request, settings, Counter()):
        metrics = ",".join(f"aiplatform.googleapis.com/{metric}" for metric in exceeded)
        raise RpcError("RESOURCE_EXHAUSTED", f"The following quota metrics exceed quota limits: {metrics}")


def first_stage(request: Mapping[str, Any], settings: Settings, used: Mapping[str, int]) -> Stage:
    """`used`: by all jobs of the region that came before."""
    region = str(request.get("region"))
    if any(settings.stock_out(region, resource) for resource in resources(request)):
        return Stage(STOCK_OUT)
    return Stage(QUOTA) if _exceeded(request, settings, used) else after_quota(settings)


def after_quota(settings: Settings) -> Stage:
    return Stage(QUEUED, _QUEUED_S * settings.realistic) if settings.realistic else Stage(None)


def after_queue(request: Mapping[str, Any], settings: Settings) -> Stage:
    kind = (request.get("client") or {}).get("kind", "")
    seconds = _PROVISIONING_S.get(kind, _DEFAULT_S) * settings.realistic
    return Stage(PROVISIONING, seconds) if seconds else Stage(None)


def notices(request: Mapping[str, Any]) -> Iterator[str]:
    """Warnings for the job's log, each once."""
    names = dict.fromkeys(kind.accelerator for kind in machines(request) if kind.accelerator)
    for retired in filter(None, map(catalogue.retired_accelerator, names)):
        yield f"The accelerator {retired.name} is not available any more ({retired.why}); the emulator runs the job."


def stock_out_words(region: str) -> str:
    return f"Resources are insufficient in region: {region}. Try a different region or use a different accelerator."


def _exceeded(request: Mapping[str, Any], settings: Settings, used: Mapping[str, int]) -> list[str]:
    limits = {metric: settings.quota(str(request.get("region")), metric) for metric in demand(request)}
    wanted = demand(request)
    return [
        metric for metric, limit in limits.items() if limit is not None and used.get(metric, 0) + wanted[metric] > limit
    ]
