"""ML Engine's four kinds of replicas, and a training input as the engine's request."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from submit import catalogue
from submit.emulator.services.packages import package_path
from submit.emulator.services.records import Record


class Replica(NamedTuple):
    """`key` begins the names of its fields."""

    role: str
    key: str

    @property
    def type_key(self) -> str:
        return f"{self.key}Type"

    @property
    def count_key(self) -> str:
        return f"{self.key}Count"

    @property
    def config_key(self) -> str:
        return f"{self.key}Config"

    def field(self, name: str) -> str:
        """`master_type`."""
        return f"{'parameter_server' if self.role == 'ps' else self.key}_{name}"


REPLICAS = (
    Replica("chief", "master"),
    Replica("worker", "worker"),
    Replica("ps", "parameterServer"),
    Replica("evaluator", "evaluator"),
)
"""In the order of the engine's roles, so that the index is that of the worker pool."""

_CHIEF_SINCE = "2."


def engine_request(training: Record, buckets: Path) -> Record:
    """For an input that has passed the checks."""
    replicas = counts(training)
    running = training.get("scheduling", {}).get("maxRunningTime")
    return {
        "packages": [{"path": str(package_path(uri, buckets))} for uri in training.get("packageUris", ())],
        "pools": [_pool(training, replica, replicas[replica.role]) for replica in REPLICAS if replicas[replica.role]],
        "job_dir": training.get("jobDir"),
        "region": training["region"],
        "use_chief": training.get("useChiefInTfConfig", training.get("runtimeVersion", "").startswith(_CHIEF_SINCE)),
        "timeout_s": float(running.removesuffix("s")) if running else None,
        "study": _study(training["hyperparameters"]) if "hyperparameters" in training else None,
    }


def counts(training: Record) -> dict[str, int]:
    """Replicas by role."""
    tier = catalogue.scale_tier(training.get("scaleTier", "BASIC"))
    if tier:
        fixed = {str(pool.role): pool.replicas for pool in tier}
        return {replica.role: fixed.get(replica.role, 0) for replica in REPLICAS}
    return {
        replica.role: 1 if replica.role == "chief" else int(training.get(replica.count_key, "0"))
        for replica in REPLICAS
    }


def _pool(training: Record, replica: Replica, count: int) -> Record:
    master, own = training.get("masterConfig", {}), training.get(replica.config_key, {})
    image = own.get("imageUri") or master.get("imageUri")
    command = own.get("containerCommand") or master.get("containerCommand") or []
    args = (own.get("containerArgs") or master.get("containerArgs")) if image else None
    return {
        "role": replica.role,
        "replicas": count,
        "module": None if image else training["pythonModule"],
        "container": {"image": image, "command": command} if image else None,
        "args": args or training.get("args", []),
        "machine": _machine(training, replica),
    }


def _machine(training: Record, replica: Replica) -> Record:
    """What it takes of the region's capacity: the machine that the name stood for."""
    tier = {str(pool.role): pool.machine for pool in catalogue.scale_tier(training.get("scaleTier", "BASIC"))}
    name = training.get(replica.type_key, "")
    legacy = tier.get(replica.role) or catalogue.legacy_machine(name)
    if legacy:
        machine = legacy.machine
        accelerator, count = machine.accelerator_type, machine.accelerator_count
        return {"type": machine.machine_type, "accelerator": accelerator, "accelerators": count}
    attached = training.get(replica.config_key, {}).get("acceleratorConfig", {})
    return {"type": name, "accelerator": attached.get("type"), "accelerators": int(attached.get("count", 0))}


def _study(given: Record) -> Record:
    return {
        "metrics": [{"name": given.get("hyperparameterMetricTag", "training/hptuning/metric"), "goal": given["goal"]}],
        "parameters": [_parameter(parameter) for parameter in given.get("params", ())],
        "max_trials": given.get("maxTrials", 1),
        "parallel_trials": given.get("maxParallelTrials", 1),
        "max_failed_trials": given.get("maxFailedTrials", 0),
        "algorithm": given.get("algorithm"),
    }


def _parameter(given: Record) -> dict[str, Any]:
    kind = given.get("type")
    return {
        "name": given.get("parameterName"),
        "kind": kind,
        "minimum": given.get("minValue"),
        "maximum": given.get("maxValue"),
        "values": given.get("categoricalValues" if kind == "CATEGORICAL" else "discreteValues", []),
        "scale": given.get("scaleType", "NONE"),
    }
