"""A `CustomJobSpec` (as a message of v1 or v1beta1) as the engine's request, and what Vertex AI would say against it.

https://cloud.google.com/vertex-ai/docs/reference/rest/v1/CustomJobSpec
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from submit import catalogue
from submit.emulator.services.packages import package_path, unreadable
from submit.emulator.services.problems import Problem
from submit.emulator.services.records import Record
from submit.engine.request import ROLES
from submit.job import Machine

_MAX_PACKAGES = 100


def engine_request(spec: Any, buckets: Path) -> Record:
    """For a spec that has no `problems`."""
    pools = [(role, pool) for role, pool in zip(ROLES, spec.worker_pool_specs, strict=False) if pool.replica_count]
    uris = dict.fromkeys(uri for _, pool in pools for uri in pool.python_package_spec.package_uris)
    scheduling = spec.scheduling
    return {
        "packages": [{"path": str(package_path(uri, buckets))} for uri in uris],
        "pools": [_pool(role, pool) for role, pool in pools],
        "base_output_dir": spec.base_output_directory.output_uri_prefix or None,
        "timeout_s": scheduling.timeout.ToTimedelta().total_seconds() if scheduling.HasField("timeout") else None,
        "disable_retries": scheduling.disable_retries,
    }


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


def _pool_problems(pool: Any, path: str, *, is_first: bool) -> Iterator[Problem]:
    if is_first and pool.replica_count != 1:
        yield Problem(f"{path}.replica_count", "The replica count of the first worker pool must be 1.")
    if pool.replica_count < 0:
        yield Problem(f"{path}.replica_count", "The replica count must not be negative.")
    if pool.HasField("container_spec"):
        if not pool.container_spec.image_uri:
            yield Problem(f"{path}.container_spec.image_uri", "Required field is not set.")
    elif pool.HasField("python_package_spec"):
        yield from _python_problems(pool.python_package_spec, f"{path}.python_package_spec")
    else:
        yield Problem(f"{path}.task", "Required field is not set.")
    yield from machine_problems(pool.machine_spec, f"{path}.machine_spec")


def _python_problems(spec: Any, path: str) -> Iterator[Problem]:
    for field in ("executor_image_uri", "package_uris", "python_module"):
        if not getattr(spec, field):
            yield Problem(f"{path}.{field}", "Required field is not set.")
    if len(spec.package_uris) > _MAX_PACKAGES:
        yield Problem(f"{path}.package_uris", f"There can be at most {_MAX_PACKAGES} packages.")


def _package_problems(pool: Any, path: str, buckets: Path) -> Iterator[Problem]:
    if missing := unreadable(pool.python_package_spec.package_uris, buckets):
        yield Problem(f"{path}.python_package_spec.package_uris", missing)


def machine_problems(spec: Any, path: str) -> Iterator[Problem]:
    """The words are Vertex AI's where they are known."""
    accelerator = _enum_name(spec, "accelerator_type") if spec.accelerator_type else None
    if not spec.machine_type:
        yield Problem(f"{path}.machine_type", "Required field is not set.")
    elif catalogue.machine(spec.machine_type) is None:
        yield Problem(f"{path}.machine_type", f'Machine type "{spec.machine_type}" is not supported.')
    elif bool(accelerator) != bool(spec.accelerator_count):
        both = "Both `accelerator_type` and `accelerator_count` should be specified or none."
        yield Problem(f"{path}.accelerator_type", both)
    else:
        machine = Machine(
            machine_type=spec.machine_type, accelerator_type=accelerator, accelerator_count=spec.accelerator_count
        )
        yield from _combination(machine, path)


def _combination(machine: Machine, path: str) -> Iterator[Problem]:
    """Accelerators that Google has retired are taken, so that old jobs run."""
    name = machine.accelerator_type
    if catalogue.offered(machine) or (name and catalogue.retired_accelerator(name)):
        return
    if name is None:
        yield Problem(f"{path}.accelerator_type", f'Machine type "{machine.machine_type}" needs its accelerator.')
    elif counts := catalogue.accelerators_of(machine.machine_type).get(name):
        words = f'Accelerator count {machine.accelerator_count} of "{name}" is not supported for machine type'
        possible = ", ".join(map(str, counts))
        yield Problem(f"{path}.accelerator_count", f'{words} "{machine.machine_type}"; possible are {possible}.')
    else:
        words = f'Accelerator "{name}" is not supported for machine type "{machine.machine_type}".'
        yield Problem(f"{path}.accelerator_type", words)


def _enum_name(message: Any, field: str) -> str:
    values = message.DESCRIPTOR.fields_by_name[field].enum_type.values_by_number
    number = getattr(message, field)
    return str(values[number].name) if number in values else str(number)
