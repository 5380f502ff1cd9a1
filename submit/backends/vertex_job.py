"""A job as Vertex AI's `CustomJob` or `HyperparameterTuningJob`, in its JSON form.

https://cloud.google.com/vertex-ai/docs/reference/rest/v1/CustomJobSpec
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from submit import catalogue
from submit.backends import staging
from submit.backends.cloud_status import duration
from submit.backends.creation import SUBMISSION_LABEL
from submit.backends.training_image import image_for
from submit.backends.vertex_study import study_spec
from submit.errors import Problem, UsageError
from submit.job import ROLES, Container, JobSpec, Json, JsonObject, Machine, Pool, PythonModule, Strategy


def custom_job(spec: JobSpec, package_uris: Sequence[str]) -> JsonObject:
    return _named(spec) | {"jobSpec": job_spec(spec, package_uris)}


def tuning_job(spec: JobSpec, package_uris: Sequence[str]) -> JsonObject:
    study = spec.study
    assert study is not None
    job = _named(spec) | {
        "studySpec": study_spec(study),
        "maxTrialCount": study.max_trials,
        "parallelTrialCount": study.parallel_trials,
        "trialJobSpec": job_spec(spec, package_uris),
    }
    return job | ({"maxFailedTrialCount": study.max_failed_trials} if study.max_failed_trials else {})


def check(spec: JobSpec) -> None:
    """A `UsageError` names everything that Vertex AI cannot do as the config says."""
    problems = [*_unsupported(spec)]
    if problems:
        raise UsageError(problems)


def _unsupported(spec: JobSpec) -> Iterator[Problem]:
    yield from staging.out_of_reach(spec, "Vertex AI")
    if spec.scheduling.max_wait_s is not None and spec.scheduling.strategy is not Strategy.FLEX_START:
        hint = "Remove the limit."
        yield Problem(message="on Vertex AI only FLEX_START waits for machines for a given time", hint=hint)
    if spec.use_chief_in_tf_config is False and sum(pool.replicas for pool in spec.pools) > 1:
        hint = "Remove useChiefInTfConfig; TensorFlow 2 knows `chief` only."
        yield Problem(message="on Vertex AI the first replica is `chief` in TF_CONFIG, never `master`", hint=hint)


def job_spec(spec: JobSpec, package_uris: Sequence[str]) -> JsonObject:
    given: JsonObject = {
        "scheduling": _scheduling(spec),
        "baseOutputDirectory": _output(spec),
        "serviceAccount": spec.service_account,
        "network": spec.network,
        "enableWebAccess": spec.web_access,
        "persistentResourceId": spec.persistent_resource,
    }
    said = {key: value for key, value in given.items() if value}
    return {"workerPoolSpecs": [*_pools(spec, package_uris)], **said, **spec.extras}


def _named(spec: JobSpec) -> JsonObject:
    labels: JsonObject = {**spec.labels, SUBMISSION_LABEL: spec.submission_id}
    named: JsonObject = {"displayName": spec.display_name, "labels": labels}
    return named | ({"encryptionSpec": {"kmsKeyName": spec.kms_key}} if spec.kms_key else {})


def _output(spec: JobSpec) -> Json:
    folder = spec.base_output_dir or spec.job_dir
    return {"outputUriPrefix": folder} if folder else None


def _scheduling(spec: JobSpec) -> JsonObject:
    scheduling = spec.scheduling
    given: JsonObject = {
        "timeout": duration(scheduling.timeout_s),
        "strategy": None if scheduling.strategy is Strategy.STANDARD else scheduling.strategy.value,
        "maxWaitDuration": duration(scheduling.max_wait_s),
        "restartJobOnWorkerRestart": scheduling.restart_on_worker_restart,
        "disableRetries": scheduling.disable_retries,
    }
    return {key: value for key, value in given.items() if value}


def _pools(spec: JobSpec, package_uris: Sequence[str]) -> Iterator[JsonObject]:
    """One pool per role in Vertex AI's order; a role without machines before one with machines is an empty pool."""
    pools = {pool.role: pool for pool in spec.pools}
    for role in ROLES[: 1 + max(ROLES.index(role) for role in pools)]:
        yield _pool(pools[role], spec, package_uris) if role in pools else {}


def _pool(pool: Pool, spec: JobSpec, package_uris: Sequence[str]) -> JsonObject:
    machine = catalogue.replacement_for(pool.machine) or pool.machine
    extras = {path: value for path, value in pool.extras.items() if not path.startswith("machineSpec.")}
    disk: JsonObject = {"bootDiskType": machine.boot_disk_type, "bootDiskSizeGb": machine.boot_disk_gb}
    body: JsonObject = {"machineSpec": _machine(machine, pool.extras), "replicaCount": pool.replicas}
    if any(disk.values()):
        body["diskSpec"] = {key: value for key, value in disk.items() if value is not None}
    return body | _program(replace(pool, machine=machine), spec, package_uris) | extras


def _machine(machine: Machine, extras: Mapping[str, Json]) -> JsonObject:
    spec: JsonObject = {"machineType": machine.machine_type}
    if machine.accelerator_type:
        spec |= {"acceleratorType": machine.accelerator_type, "acceleratorCount": machine.accelerator_count}
    if machine.tpu_topology:
        spec["tpuTopology"] = machine.tpu_topology
    prefix = "machineSpec."
    return spec | {path.removeprefix(prefix): value for path, value in extras.items() if path.startswith(prefix)}


def _program(pool: Pool, spec: JobSpec, package_uris: Sequence[str]) -> JsonObject:
    env: list[Json] = [{"name": name, "value": value} for name, value in {**spec.env, **pool.env}.items()]
    args: list[Json] = [*(pool.program.args or ()), *(("--job-dir", spec.job_dir) if spec.job_dir else ())]
    given: JsonObject = {"args": args, "env": env}
    shared: JsonObject = {key: value for key, value in given.items() if value}
    match pool.program:
        case Container(image=image, command=command):
            start: JsonObject = {"command": [*command]} if command else {}
            return {"containerSpec": {"imageUri": image, **start, **shared}}
        case PythonModule(module=module, package_uris=theirs):
            package: JsonObject = {
                "executorImageUri": image_for(pool, spec),
                "packageUris": [*package_uris, *theirs],
                "pythonModule": module,
            }
            return {"pythonPackageSpec": package | shared}
