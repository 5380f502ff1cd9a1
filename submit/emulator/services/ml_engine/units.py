"""What a job of ML Engine has consumed, in ML units: hours of machines, each weighed by its price. Pure.

A unit was 0.49 US dollars, so that `standard` had 0.3878 of them an hour. What a machine was is priced as what replaces
it today. https://cloud.google.com/ai-platform/training/pricing
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from submit import catalogue
from submit.emulator.services.ml_engine.replicas import REPLICAS, Replica, counts
from submit.emulator.services.records import Record
from submit.job import Machine

_USD = 0.49
_REGION = "us-central1"


def consumed(training: Record, start: str, end: str) -> float:
    """In units; times as the engine has them. Machines without a known price count nothing."""
    hours = (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds() / 3600
    usd = sum(catalogue.hourly_price(machine, _REGION) or 0.0 for machine in _machines(training))
    return round(hours * usd / _USD, 2)


def _machines(training: Record) -> Iterator[Machine]:
    tier = catalogue.scale_tier(training.get("scaleTier", "BASIC"))
    for pool in tier:
        yield from [pool.machine.replacement] * pool.replicas
    if not tier:
        replicas = counts(training)
        for replica in (replica for replica in REPLICAS if replicas[replica.role]):
            yield from [_machine(training, replica)] * replicas[replica.role]


def _machine(training: Record, replica: Replica) -> Machine:
    name = training[replica.type_key]
    legacy = catalogue.legacy_machine(name)
    if legacy:
        return legacy.replacement
    accelerator = training.get(replica.config_key, {}).get("acceleratorConfig", {})
    count = int(accelerator.get("count", "0"))
    return Machine(machine_type=name, accelerator_type=accelerator.get("type"), accelerator_count=count)
