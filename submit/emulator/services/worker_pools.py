"""A `CustomJobSpec` (as a message of v1 or v1beta1) as the engine's request, and what Vertex AI would say against it.

https://cloud.google.com/vertex-ai/docs/reference/rest/v1/CustomJobSpec
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from submit.emulator.services import identities, machines, scheduling
from submit.emulator.services.packages import package_path, unreadable
from submit.emulator.services.problems import Problem
from submit.emulator.services.records import Record
from submit.engine.request import ROLES

_MAX_PACKAGES, _MAX_VARIABLES, _MAX_ARGS = 100, 100, 100_000
_IDENTIFIER = re.compile(r"[A-Za-z_]\w*", re.ASCII)


def engine_request(spec: Any, buckets: Path) -> Record:
    """For a spec that has no `problems`."""
    pools = [(role, pool) for role, pool in zip(ROLES, spec.worker_pool_specs, strict=False) if pool.replica_count]
    uris = dict.fromkeys(uri for _, pool in pools for uri in pool.python_package_spec.package_uris)
    return {
        "packages": [{"path": str(package_path(uri, buckets))} for uri in uris],
        "pools": [_pool(role, pool) | _machine(spec, pool) for role, pool in pools],
        "strategy": machines.enum_name(spec.scheduling, "strategy"),
        "base_output_dir": spec.base_output_directory.output_uri_prefix or None,
        "timeout_s": _timeout(spec.scheduling),
        "disable_retries": spec.scheduling.disable_retries,
    }


def _timeout(scheduling: Any) -> float | None:
    return scheduling.timeout.ToTimedelta().total_seconds() if scheduling.HasField("timeout") else None


def _pool(role: str, pool: Any) -> Record:
    container, python = pool.container_spec, pool.python_package_spec
    program: Any = container if pool.HasField("container_spec") else python
    return {
        "role": role,
        "replicas": pool.replica_count,
        "module": None if program is container else python.python_module,
        "container": {"image": container.image_uri, "command": [*container.command]} if program is container else None,
        "args": [*program.args],
        "env": {variable.name: variable.value for variable in program.env},
    }


def _machine(spec: Any, pool: Any) -> Record:
    """What it takes of the region's capacity; nothing on machines that are kept for the user."""
    if spec.persistent_resource_id:
        return {}
    machine = machines.machine_of(pool.machine_spec)
    accelerator, count = machine.accelerator_type, machine.accelerator_count
    return {"machine": {"type": machine.machine_type, "accelerator": accelerator, "accelerators": count}}


def problems(spec: Any, path: str, buckets: Path) -> Iterator[Problem]:
    if not spec.worker_pool_specs:
        yield Problem(f"{path}.worker_pool_specs", "Required field is not set.")
    if len(spec.worker_pool_specs) > len(ROLES):
        yield Problem(f"{path}.worker_pool_specs", f"There can be at most {len(ROLES)} worker pools.")
    output = spec.base_output_directory.output_uri_prefix
    if output and not output.startswith("gs://"):
        yield Problem(f"{path}.base_output_directory.output_uri_prefix", f"Invalid Cloud Storage URI: {output}.")
    for index, pool in enumerate(spec.worker_pool_specs):
        here = f"{path}.worker_pool_specs[{index}]"
        if pool.replica_count or index == 0:
            yield from _pool_problems(pool, here, is_first=index == 0)
            yield from _package_problems(pool, here, buckets)
    yield from _tpu_problems(spec, path)
    yield from scheduling.problems(spec, path)
    yield from identities.service_account(spec.service_account, f"{path}.service_account")


def _pool_problems(pool: Any, path: str, *, is_first: bool) -> Iterator[Problem]:
    if is_first and pool.replica_count != 1:
        yield Problem(f"{path}.replica_count", "The replica count of the first worker pool must be 1.")
    if pool.replica_count < 0:
        yield Problem(f"{path}.replica_count", "The replica count must not be negative.")
    if pool.HasField("container_spec"):
        yield from _container_problems(pool.container_spec, f"{path}.container_spec")
    elif pool.HasField("python_package_spec"):
        yield from _python_problems(pool.python_package_spec, f"{path}.python_package_spec")
    else:
        yield Problem(f"{path}.task", "Required field is not set.")
    yield from machines.machine_problems(pool.machine_spec, f"{path}.machine_spec")
    yield from machines.disk_problems(pool.disk_spec, f"{path}.disk_spec")


def _container_problems(spec: Any, path: str) -> Iterator[Problem]:
    if not spec.image_uri:
        yield Problem(f"{path}.image_uri", "Required field is not set.")
    yield from _program_problems(spec, path)


def _python_problems(spec: Any, path: str) -> Iterator[Problem]:
    for field in ("executor_image_uri", "package_uris", "python_module"):
        if not getattr(spec, field):
            yield Problem(f"{path}.{field}", "Required field is not set.")
    if len(spec.package_uris) > _MAX_PACKAGES:
        yield Problem(f"{path}.package_uris", f"There can be at most {_MAX_PACKAGES} packages.")
    yield from _program_problems(spec, path)


def _program_problems(spec: Any, path: str) -> Iterator[Problem]:
    if sum(map(len, spec.args)) > _MAX_ARGS:
        yield Problem(f"{path}.args", f"The maximum size of all arguments together is {_MAX_ARGS} characters.")
    names = [variable.name for variable in spec.env]
    if len(names) > _MAX_VARIABLES:
        yield Problem(f"{path}.env", f"There can be at most {_MAX_VARIABLES} environment variables.")
    if len(set(names)) < len(names):
        yield Problem(f"{path}.env", "The names of environment variables must be unique.")
    for index, name in enumerate(names):
        if not _IDENTIFIER.fullmatch(name):
            yield Problem(f"{path}.env[{index}].name", f'"{name}" is not a valid C identifier.')


def _package_problems(pool: Any, path: str, buckets: Path) -> Iterator[Problem]:
    if missing := unreadable(pool.python_package_spec.package_uris, buckets):
        yield Problem(f"{path}.python_package_spec.package_uris", missing)


def _tpu_problems(spec: Any, path: str) -> Iterator[Problem]:
    used = [pool for pool in spec.worker_pool_specs if pool.replica_count]
    if len(used) > 1 and any(machines.is_tpu(pool.machine_spec) for pool in used):
        yield Problem(f"{path}.worker_pool_specs", "A job with TPUs must have exactly one worker pool.")
