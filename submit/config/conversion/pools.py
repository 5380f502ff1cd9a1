"""Machines and programs of a job → `workerPoolSpecs`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from submit import catalogue
from submit.catalogue import TrainingImage
from submit.config.conversion.notes import Notes
from submit.config.draft import Draft, PoolPaths
from submit.config.ml_engine import INPUT
from submit.config.rules.images import newest_image, oldest_image, runtime_image
from submit.job import ROLES, Container, Json, JsonObject, Machine, Pool, PythonModule


def worker_pools(draft: Draft, notes: Notes, today: date, at: str) -> Iterator[Json]:
    """One pool per role in Vertex AI's order; a role without machines before one with machines is an empty pool."""
    pools = {pool.role: (pool, paths) for pool, paths in draft.pools()}
    count = 1 + max(ROLES.index(role) for role in pools)
    for index, role in enumerate(ROLES[:count]):
        here = f"{at}[{index}]"
        if role in pools:
            yield _pool(draft, *pools[role], notes, today, here)
        else:
            notes.comments[here] = f"No {role}; the empty pool keeps the place of this role."
            yield {}
    _tpu_alone(draft, notes, at)


def _tpu_alone(draft: Draft, notes: Notes, at: str) -> None:
    machine = draft.config.pools[0].machine
    if machine.machine_type == "cloud-tpu":
        path = f"{INPUT}.masterType" if draft.custom_tier else f"{INPUT}.scaleTier"
        why = "on Vertex AI a TPU job is the pool of its TPU alone"
        notes.changed(path, "the machine in front of the TPU is gone", why, f"{at}[0]")


def _pool(draft: Draft, pool: Pool, paths: PoolPaths, notes: Notes, today: date, at: str) -> JsonObject:
    machine = catalogue.replacement_for(pool.machine) or pool.machine
    _note_machine(draft, pool.machine, machine, paths, notes, f"{at}.machineSpec")
    spec: JsonObject = {"machineSpec": _machine_spec(machine), "replicaCount": pool.replicas}
    match pool.program:
        case PythonModule():
            spec["pythonPackageSpec"] = _python_package(draft, pool, machine, notes, today, f"{at}.pythonPackageSpec")
        case Container():
            spec["containerSpec"] = _container(draft, pool.program)
    disk = {"bootDiskType": machine.boot_disk_type, "bootDiskSizeGb": machine.boot_disk_gb}
    if any(disk.values()):
        spec["diskSpec"] = {key: value for key, value in disk.items() if value is not None}
    return spec


def _machine_spec(machine: Machine) -> JsonObject:
    spec: JsonObject = {"machineType": machine.machine_type}
    if machine.accelerator_type:
        spec |= {"acceleratorType": machine.accelerator_type, "acceleratorCount": machine.accelerator_count}
    return spec


def _note_machine(draft: Draft, was: Machine, now: Machine, paths: PoolPaths, notes: Notes, at: str) -> None:
    legacy = catalogue.legacy_machine(was.written_as or "")
    path = paths.machine.machine
    if legacy is not None:
        path = path if path in draft.marks else INPUT
        name = draft.tier if paths.pool.endswith(".scaleTier") else legacy.legacy_name
        notes.changed(path, f"{name} is {catalogue.in_words(now)}", _sentence(was, now), at)
    elif now != was:
        notes.changed(path, f"{catalogue.in_words(was)} is {catalogue.in_words(now)}", _sentence(was, now), at)


def _sentence(was: Machine, now: Machine) -> str:
    retired = catalogue.retired_accelerator(was.accelerator_type or "")
    if retired:
        return retired.why
    if now.machine_type != was.machine_type:
        return f"Vertex AI does not train on `{was.machine_type}`"
    return "Vertex AI has no machine names of its own"


def _args(draft: Draft, own: tuple[str, ...] | None) -> list[Json]:
    """The service used to add `--job-dir DIR` behind the arguments."""
    args: list[Json] = [*((own if own is not None else draft.config.args) or ())]
    return [*args, "--job-dir", draft.config.job_dir] if draft.config.job_dir else args


def _container(draft: Draft, container: Container) -> JsonObject:
    spec: JsonObject = {"imageUri": container.image}
    if container.command:
        spec["command"] = [*container.command]
    args = _args(draft, container.args)
    return spec | {"args": args} if args else spec


def _python_package(draft: Draft, pool: Pool, machine: Machine, notes: Notes, today: date, at: str) -> JsonObject:
    config = draft.config
    spec: JsonObject = {"executorImageUri": _image(draft, machine, notes, today, at)}
    if config.package_uris:
        spec["packageUris"] = [*config.package_uris]
    if config.module:
        spec["pythonModule"] = config.module
    if not (config.package_uris and config.module):
        notes.once(at, "`submit train` fills in the packages and the module; gcloud needs them written here.")
    args = _args(draft, pool.program.args)
    return spec | {"args": args} if args else spec


def _image(draft: Draft, machine: Machine, notes: Notes, today: date, at: str) -> str:
    version = draft.config.runtime_version
    exact = runtime_image(version, machine) if version else None
    start = exact or (oldest_image if version else newest_image)(machine)
    image = catalogue.nearest_in_date(start, today)
    path = f"{INPUT}.runtimeVersion" if version else INPUT
    name = _short(image or start)
    what = f"runtime version {version} is {name}" if version else f"without a runtime version, it is {name}"
    notes.changed(path, what, _why(exact, start, image, version), f"{at}.executorImageUri")
    return (image or start).uri


def _short(image: TrainingImage) -> str:
    return image.uri.rpartition("/")[2].partition(":")[0]


def _why(exact: TrainingImage | None, start: TrainingImage, image: TrainingImage | None, version: str | None) -> str:
    if image is None:
        return f"it ended on {start.end_of_availability}, and there is none in date for this hardware"
    if image == exact:
        return "Vertex AI names an image where ML Engine had versions"
    bring = f", and the trainer has to bring {start.framework}" if image.framework != start.framework else ""
    if exact is not None:
        return f"its image ended on {exact.end_of_availability}, this is the nearest in date{bring}"
    if version is None:
        return f"Vertex AI needs an image, this is one in date{bring}"
    return f"it has no image on Vertex AI, this is the nearest in date{bring}"
