"""What a config of Vertex AI means: a `CustomJobSpec`, a `CustomJob` or a `HyperparameterTuningJob`.

https://cloud.google.com/vertex-ai/docs/reference/rest/v1/CustomJobSpec
"""

from __future__ import annotations

from dataclasses import replace

from submit.config.dialect import VERTEX, VERTEX_TUNING
from submit.config.draft import Draft, MachinePaths, PoolPaths
from submit.config.paths import Marks
from submit.config.scalars import seconds
from submit.config.tuning import from_vertex
from submit.config.values import flag, mapping, number, part, parts, rest, text, texts
from submit.job import (
    ROLES,
    Config,
    Container,
    JsonObject,
    Machine,
    Pool,
    Program,
    PythonModule,
    Role,
    Scheduling,
    Strategy,
)

_SPEC_KEYS = frozenset(
    {
        "workerPoolSpecs",
        "scheduling",
        "baseOutputDirectory",
        "serviceAccount",
        "network",
        "enableWebAccess",
        "persistentResourceId",
    }
)
_POOL_KEYS = frozenset({"machineSpec", "replicaCount", "pythonPackageSpec", "containerSpec", "diskSpec"})
_MACHINE_KEYS = frozenset({"machineType", "acceleratorType", "acceleratorCount", "tpuTopology"})

_STRATEGIES = {"ON_DEMAND": Strategy.STANDARD, "LOW_COST": Strategy.SPOT}
"""Names of the API that it has replaced."""


def draft(values: JsonObject, marks: Marks, root: str) -> Draft:
    if root == "CustomJobSpec":
        return _spec(values, marks, "")
    return _named(_spec(part(values, "jobSpec"), marks, "jobSpec."), values)


def tuning_draft(values: JsonObject, marks: Marks) -> Draft:
    job = _named(_spec(part(values, "trialJobSpec"), marks, "trialJobSpec."), values)
    return job._replace(config=replace(job.config, dialect=VERTEX_TUNING, study=from_vertex(values)))


def _named(job: Draft, values: JsonObject) -> Draft:
    config = replace(
        job.config,
        display_name=text(values, "displayName"),
        labels=mapping(values, "labels"),
        kms_key=text(part(values, "encryptionSpec"), "kmsKeyName"),
    )
    return job._replace(config=config)


def _spec(spec: JsonObject, marks: Marks, prefix: str) -> Draft:
    pools = [
        (_pool(pool, ROLES[index]), _paths(f"{prefix}workerPoolSpecs[{index}]", marks))
        for index, pool in enumerate(parts(spec, "workerPoolSpecs")[: len(ROLES)])
        if index == 0 or not is_placeholder(pool)
    ]
    config = Config(
        pools=tuple(pool for pool, _ in pools),
        dialect=VERTEX,
        base_output_dir=text(part(spec, "baseOutputDirectory"), "outputUriPrefix"),
        scheduling=_scheduling(part(spec, "scheduling")),
        network=text(spec, "network"),
        service_account=text(spec, "serviceAccount"),
        web_access=flag(spec, "enableWebAccess") or False,
        persistent_resource=text(spec, "persistentResourceId"),
        extras=rest(spec, _SPEC_KEYS),
    )
    return Draft(
        config=config,
        marks=marks,
        paths=tuple(paths for _, paths in pools),
        job=prefix,
        parameters="studySpec.parameters",
        parallel="parallelTrialCount",
    )


def is_placeholder(pool: JsonObject) -> bool:
    """A pool without machines, which only keeps the place of its role."""
    return not pool or pool.get("replicaCount") == 0


def _pool(pool: JsonObject, role: Role) -> Pool:
    count = number(pool, "replicaCount")
    machine = part(pool, "machineSpec")
    extras = rest(pool, _POOL_KEYS)
    extras |= {f"machineSpec.{key}": value for key, value in rest(machine, _MACHINE_KEYS).items()}
    return Pool(
        role=role,
        machine=_machine(machine, part(pool, "diskSpec")),
        replicas=1 if count is None else count,
        program=_program(pool),
        env=_env(part(pool, "containerSpec") or part(pool, "pythonPackageSpec")),
        extras=extras,
    )


def _machine(machine: JsonObject, disk: JsonObject) -> Machine:
    accelerator = text(machine, "acceleratorType")
    return Machine(
        machine_type=text(machine, "machineType") or "",
        accelerator_type=None if accelerator == "ACCELERATOR_TYPE_UNSPECIFIED" else accelerator,
        accelerator_count=number(machine, "acceleratorCount") or 0,
        tpu_topology=text(machine, "tpuTopology"),
        boot_disk_type=text(disk, "bootDiskType"),
        boot_disk_gb=number(disk, "bootDiskSizeGb"),
    )


def _program(pool: JsonObject) -> Program:
    container, package = part(pool, "containerSpec"), part(pool, "pythonPackageSpec")
    if container:
        command = texts(container, "command") or ()
        return Container(image=text(container, "imageUri") or "", command=command, args=texts(container, "args"))
    return PythonModule(
        module=text(package, "pythonModule"),
        args=texts(package, "args"),
        image=text(package, "executorImageUri"),
        package_uris=texts(package, "packageUris") or (),
    )


def _env(program: JsonObject) -> dict[str, str]:
    return {text(item, "name") or "": text(item, "value") or "" for item in parts(program, "env")}


def _scheduling(values: JsonObject) -> Scheduling:
    timeout, wait = text(values, "timeout"), text(values, "maxWaitDuration")
    strategy = text(values, "strategy") or Strategy.STANDARD
    return Scheduling(
        timeout_s=seconds(timeout) if timeout else None,
        max_wait_s=seconds(wait) if wait else None,
        strategy=_STRATEGIES.get(strategy) or Strategy(strategy),
        restart_on_worker_restart=flag(values, "restartJobOnWorkerRestart") or False,
        disable_retries=flag(values, "disableRetries") or False,
    )


def _paths(pool: str, marks: Marks) -> PoolPaths:
    machine = f"{pool}.machineSpec"
    container, package = f"{pool}.containerSpec", f"{pool}.pythonPackageSpec"
    return PoolPaths(
        pool=pool,
        machine=MachinePaths(
            machine=f"{machine}.machineType",
            accelerator_type=f"{machine}.acceleratorType",
            accelerator_count=f"{machine}.acceleratorCount",
            topology=f"{machine}.tpuTopology",
        ),
        replicas=f"{pool}.replicaCount",
        image=f"{container}.imageUri" if container in marks else f"{package}.executorImageUri",
    )
