"""A job as ML Engine's `Job`, in its JSON form; tiers, machine names and versions as the config has them.

https://cloud.google.com/ai-platform/training/docs/reference/rest/v1/projects.jobs
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from submit import catalogue
from submit.backends.cloud_status import duration
from submit.backends.creation import SUBMISSION_LABEL
from submit.backends.ml_study import hyperparameters
from submit.job import Container, JobSpec, Json, JsonObject, Machine, Pool, PythonModule, Role

KEYS = {
    Role.CHIEF: "master",
    Role.WORKER: "worker",
    Role.PARAMETER_SERVER: "parameterServer",
    Role.EVALUATOR: "evaluator",
}
"""How the names of a role's fields begin."""

LAST_RUNTIME, LAST_PYTHON = "2.11", "3.7"
_LAST_WITH_PYTHON = {"2.7": "1.15", "3.5": "1.14"}
_TPU_HOST = Machine(machine_type="n1-standard-4")
"""What ML Engine's own samples put in front of a TPU."""


def job(spec: JobSpec, package_uris: Sequence[str], region: str) -> JsonObject:
    labels: JsonObject = {**spec.labels, SUBMISSION_LABEL: spec.submission_id}
    return {"jobId": spec.name, "labels": labels, "trainingInput": training_input(spec, package_uris, region)}


def training_input(spec: JobSpec, package_uris: Sequence[str], region: str) -> JsonObject:
    """Without `--job-dir` among the arguments: the service puts it behind them itself."""
    given: JsonObject = {
        "scheduling": _scheduling(spec),
        "network": spec.network,
        "serviceAccount": spec.service_account,
        "encryptionConfig": {"kmsKeyName": spec.kms_key} if spec.kms_key else None,
        "enableWebAccess": spec.web_access,
        "useChiefInTfConfig": spec.use_chief_in_tf_config,
        "hyperparameters": hyperparameters(spec.study) if spec.study else None,
    }
    said = {key: value for key, value in given.items() if value or (key == "useChiefInTfConfig" and value is not None)}
    program = _program(spec, package_uris)
    return {**_machines(spec), **program, "region": region, "jobDir": spec.job_dir, **said}


def _machines(spec: JobSpec) -> JsonObject:
    pools = [*_with_hosts(spec.pools)]
    tier = spec.scale_tier if spec.scale_tier and _is_tier(pools, spec.scale_tier) else None
    fields: JsonObject = {"scaleTier": tier or "CUSTOM"}
    for pool in pools:
        key = KEYS[pool.role]
        if tier is None:
            fields[f"{key}Type"] = pool.machine.written_as or pool.machine.machine_type
            if pool.role is not Role.CHIEF:
                fields[f"{key}Count"] = str(pool.replicas)  # 64 bits wide, which JSON has as text
        config = _config(pool, accelerator=tier is None)
        if config:
            fields[f"{key}Config"] = config
    return fields


def _with_hosts(pools: Sequence[Pool]) -> Iterator[Pool]:
    """A TPU is a worker behind a machine that drives it."""
    for pool in pools:
        if is_tpu(pool.machine) and pool.role is Role.CHIEF:
            yield replace(pool, machine=pool.tpu_host or _TPU_HOST)
            yield replace(pool, role=Role.WORKER)
        else:
            yield pool


def is_tpu(machine: Machine) -> bool:
    return machine.machine_type == "cloud-tpu"


def _is_tier(pools: Sequence[Pool], name: str) -> bool:
    """A fallback may have brought other machines."""
    bare = [(p.role, p.replicas, replace(p.machine, boot_disk_type=None, boot_disk_gb=None)) for p in pools]
    return bare == [(p.role, p.replicas, p.machine.machine) for p in catalogue.scale_tier(name)]


def _config(pool: Pool, *, accelerator: bool) -> JsonObject:
    machine, program = pool.machine, pool.program
    config: JsonObject = {}
    if isinstance(program, Container):
        config["imageUri"] = program.image
        if program.command:
            config["containerCommand"] = [*program.command]
        if program.args:
            config["containerArgs"] = [*program.args]
    if accelerator and machine.accelerator_type and not _is_in_the_name(machine):
        config["acceleratorConfig"] = {"type": machine.accelerator_type, "count": str(machine.accelerator_count)}
    disk: JsonObject = {"bootDiskType": machine.boot_disk_type, "bootDiskSizeGb": machine.boot_disk_gb}
    if any(disk.values()):
        config["diskConfig"] = {key: value for key, value in disk.items() if value is not None}
    return config


def _is_in_the_name(machine: Machine) -> bool:
    """`standard_gpu` has its accelerator already."""
    legacy = catalogue.legacy_machine(machine.written_as or "")
    if legacy is None:
        return False
    was = legacy.machine
    return (was.accelerator_type, was.accelerator_count) == (machine.accelerator_type, machine.accelerator_count)


def _program(spec: JobSpec, package_uris: Sequence[str]) -> JsonObject:
    """One module with one list of arguments for all roles; images have theirs in each role's config."""
    program = spec.pools[0].program
    if isinstance(program, Container):
        return {}
    runtime, python = runtime_of(program, spec)
    fields: JsonObject = {
        "packageUris": [*package_uris, *program.package_uris],
        "pythonModule": program.module,
        "runtimeVersion": runtime,
        "pythonVersion": python,
        "args": [*(program.args or ())],
    }
    return {key: value for key, value in fields.items() if value}


def runtime_of(program: PythonModule, spec: JobSpec) -> tuple[str | None, str | None]:
    """Runtime version and Python: the config's, else what an image of Vertex AI continues, else the last there was.

    None: the image continues no runtime version.
    """
    if spec.runtime_version:
        return spec.runtime_version, spec.python_version
    if program.image is None:
        python = spec.python_version or LAST_PYTHON
        return _LAST_WITH_PYTHON.get(python, LAST_RUNTIME), python
    image = catalogue.training_image(program.image)
    if image is None or image.framework != "tensorflow" or _numbers(image.version) > _numbers(LAST_RUNTIME):
        return None, None
    return image.version, next(iter(catalogue.runtime_pythons(image.version)))


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _scheduling(spec: JobSpec) -> JsonObject:
    scheduling = spec.scheduling
    given: dict[str, Json] = {
        "maxRunningTime": duration(scheduling.timeout_s),
        "maxWaitTime": duration(scheduling.max_wait_s),
        "priority": scheduling.priority,
    }
    return {key: value for key, value in given.items() if value is not None}
