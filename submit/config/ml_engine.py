"""What a config of ML Engine means: its scale tiers, roles and machine names as worker pools.

https://cloud.google.com/ai-platform/training/docs/reference/rest/v1/projects.jobs
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from submit.catalogue import LegacyPool, legacy_machine, scale_tier
from submit.config.draft import Draft, MachinePaths, PoolPaths
from submit.config.paths import Marks
from submit.config.scalars import seconds
from submit.config.tuning import from_ml_engine
from submit.config.values import flag, mapping, number, part, text, texts
from submit.job import Config, Container, JsonObject, Machine, Pool, PythonModule, Role, Scheduling

INPUT = "trainingInput"
DEFAULT_TIER = "BASIC"


@dataclass(frozen=True, slots=True)
class RoleKeys:
    """The keys of `trainingInput` that describe the machines of one role; the master has no count."""

    role: Role
    machine: str
    config: str
    count: str | None


ROLE_KEYS = (
    RoleKeys(Role.CHIEF, "masterType", "masterConfig", None),
    RoleKeys(Role.WORKER, "workerType", "workerConfig", "workerCount"),
    RoleKeys(Role.PARAMETER_SERVER, "parameterServerType", "parameterServerConfig", "parameterServerCount"),
    RoleKeys(Role.EVALUATOR, "evaluatorType", "evaluatorConfig", "evaluatorCount"),
)


def draft(values: JsonObject, marks: Marks, dialect: str) -> Draft:
    given = part(values, INPUT)
    pools = _pools(given)
    config = Config(
        pools=tuple(pool for pool, _ in pools),
        dialect=dialect,
        scale_tier=text(given, "scaleTier") or DEFAULT_TIER,
        args=texts(given, "args"),
        module=text(given, "pythonModule"),
        package_uris=texts(given, "packageUris") or (),
        job_dir=text(given, "jobDir"),
        region=text(given, "region"),
        runtime_version=text(given, "runtimeVersion"),
        python_version=text(given, "pythonVersion"),
        labels=mapping(values, "labels"),
        study=from_ml_engine(part(given, "hyperparameters")) if "hyperparameters" in given else None,
        scheduling=_scheduling(part(given, "scheduling")),
        network=text(given, "network"),
        service_account=text(given, "serviceAccount"),
        kms_key=text(part(given, "encryptionConfig"), "kmsKeyName"),
        web_access=flag(given, "enableWebAccess") or False,
        use_chief_in_tf_config=flag(given, "useChiefInTfConfig"),
    )
    return Draft(
        config=config,
        marks=marks,
        paths=tuple(paths for _, paths in pools),
        parameters=f"{INPUT}.hyperparameters.params",
        parallel=f"{INPUT}.hyperparameters.maxParallelTrials",
        tier=text(given, "scaleTier") or DEFAULT_TIER,
    )


def _scheduling(values: JsonObject) -> Scheduling:
    running, wait = text(values, "maxRunningTime"), text(values, "maxWaitTime")
    return Scheduling(
        timeout_s=seconds(running) if running else None,
        max_wait_s=seconds(wait) if wait else None,
        priority=number(values, "priority"),
    )


def _pools(given: JsonObject) -> list[tuple[Pool, PoolPaths]]:
    tier = text(given, "scaleTier") or DEFAULT_TIER
    if tier == "CUSTOM":
        return _one_for_a_tpu([_custom_pool(given, keys) for keys in ROLE_KEYS if _replicas(given, keys)])
    return _one_for_a_tpu([_tier_pool(given, pool) for pool in scale_tier(tier)])


def _replicas(given: JsonObject, keys: RoleKeys) -> int:
    if keys.count is None:
        return 1
    count = number(given, keys.count) if keys.count in given else 1
    return (count or 0) if keys.machine in given else 0


def _custom_pool(given: JsonObject, keys: RoleKeys) -> tuple[Pool, PoolPaths]:
    config = part(given, keys.config)
    machine = machine_named(text(given, keys.machine) or "", part(config, "acceleratorConfig"))
    pool = Pool(
        role=keys.role,
        machine=_with_disk(machine, part(config, "diskConfig")),
        replicas=_replicas(given, keys),
        program=_program(given, config),
    )
    return pool, _paths(keys)


def _tier_pool(given: JsonObject, pool: LegacyPool) -> tuple[Pool, PoolPaths]:
    keys = next(keys for keys in ROLE_KEYS if keys.role is pool.role)
    config = part(given, keys.config)
    machine = _with_disk(pool.machine.machine, part(config, "diskConfig"))
    tier = f"{INPUT}.scaleTier"
    machine_paths = MachinePaths(machine=tier, accelerator_type=tier, accelerator_count=tier, topology=tier)
    paths = _paths(keys)._replace(pool=tier, machine=machine_paths, replicas=tier)
    return Pool(role=pool.role, machine=machine, replicas=pool.replicas, program=_program(given, config)), paths


def _one_for_a_tpu(pools: list[tuple[Pool, PoolPaths]]) -> list[tuple[Pool, PoolPaths]]:
    """ML Engine put a machine in front of a TPU; on Vertex AI a TPU job is the TPU's pool alone."""
    tpus = [(pool, paths) for pool, paths in pools if pool.machine.machine_type == "cloud-tpu"]
    if not tpus:
        return pools
    first = pools[0][0].machine
    host = None if first.machine_type == "cloud-tpu" else first
    return [(replace(pool, role=Role.CHIEF, tpu_host=host), paths) for pool, paths in tpus[:1]]


def machine_named(name: str, accelerator: JsonObject) -> Machine:
    """A machine by its Compute Engine or ML Engine name; for `cloud_tpu` the accelerator says which TPU."""
    type_, count = text(accelerator, "type"), number(accelerator, "count")
    if type_ == "ACCELERATOR_TYPE_UNSPECIFIED":
        type_ = None
    known = legacy_machine(name)
    if known is None:
        return Machine(machine_type=name, accelerator_type=type_, accelerator_count=count or 0)
    if known.machine.accelerator_type is None or type_ is None:
        return known.machine
    return replace(known.machine, accelerator_type=type_, accelerator_count=count or known.machine.accelerator_count)


def _with_disk(machine: Machine, disk: JsonObject) -> Machine:
    if not disk:
        return machine
    return replace(machine, boot_disk_type=text(disk, "bootDiskType"), boot_disk_gb=number(disk, "bootDiskSizeGb"))


def _program(given: JsonObject, config: JsonObject) -> PythonModule | Container:
    """Roles without an image of their own run the master's."""
    master = part(given, "masterConfig")
    image = text(config, "imageUri") or text(master, "imageUri")
    if image is None:
        return PythonModule()
    source = config if text(config, "imageUri") else master
    command = texts(config, "containerCommand") or texts(source, "containerCommand") or ()
    args = texts(config, "containerArgs") or texts(source, "containerArgs")
    return Container(image=image, command=command, args=args)


def _paths(keys: RoleKeys) -> PoolPaths:
    config = f"{INPUT}.{keys.config}"
    machine = f"{INPUT}.{keys.machine}"
    return PoolPaths(
        pool=machine,
        machine=MachinePaths(
            machine=machine,
            accelerator_type=f"{config}.acceleratorConfig.type",
            accelerator_count=f"{config}.acceleratorConfig.count",
            topology=machine,
        ),
        replicas=f"{INPUT}.{keys.count or keys.machine}",
        image=f"{config}.imageUri",
    )
