"""What Vertex AI would say against a machine: a `MachineSpec` (as a message of v1 or v1beta1) and its disk.

https://cloud.google.com/vertex-ai/docs/training/configure-compute; the words are Vertex AI's where they are known.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from submit import catalogue
from submit.emulator.services.problems import Problem
from submit.job import Machine

_DISK_TYPES = ("pd-ssd", "pd-standard", "hyperdisk-balanced")
_DISK_GB = range(100, 64_001)


def machine_problems(spec: Any, path: str) -> Iterator[Problem]:
    machine_type = catalogue.machine(spec.machine_type)
    if not spec.machine_type:
        yield Problem(f"{path}.machine_type", "Required field is not set.")
    elif machine_type is None:
        yield Problem(f"{path}.machine_type", f'Machine type "{spec.machine_type}" is not supported.')
    elif bool(spec.accelerator_type) != bool(spec.accelerator_count):
        both = "Both `accelerator_type` and `accelerator_count` should be specified or none."
        yield Problem(f"{path}.accelerator_type", both)
    elif machine_type.tpu or spec.tpu_topology:
        yield from _topology(spec, path)
    else:
        yield from _combination(machine_of(spec), path)


def machine_of(spec: Any) -> Machine:
    accelerator = enum_name(spec, "accelerator_type") if spec.accelerator_type else None
    return Machine(
        machine_type=spec.machine_type, accelerator_type=accelerator, accelerator_count=spec.accelerator_count
    )


def is_tpu(spec: Any) -> bool:
    machine_type = catalogue.machine(spec.machine_type)
    return (machine_type is not None and machine_type.tpu is not None) or spec.machine_type == "cloud-tpu"


def disk_problems(spec: Any, path: str) -> Iterator[Problem]:
    """Of a `DiskSpec`; what is not set has the service's defaults."""
    if spec.boot_disk_type and spec.boot_disk_type not in _DISK_TYPES:
        words = f'Boot disk type "{spec.boot_disk_type}" is not supported; possible are {", ".join(_DISK_TYPES)}.'
        yield Problem(f"{path}.boot_disk_type", words)
    if spec.boot_disk_size_gb and spec.boot_disk_size_gb not in _DISK_GB:
        words = f"The boot disk size must be between {_DISK_GB[0]} and {_DISK_GB[-1]} GB."
        yield Problem(f"{path}.boot_disk_size_gb", words)


def _topology(spec: Any, path: str) -> Iterator[Problem]:
    """A TPU of version 5e and later is named by its machine type and by how many chips hang together."""
    possible = [topology.topology for topology in catalogue.tpu_topologies(spec.machine_type)]
    if possible and not spec.tpu_topology:
        yield Problem(f"{path}.tpu_topology", f'Required field is not set for machine type "{spec.machine_type}".')
    elif spec.tpu_topology not in possible:
        words = f'TPU topology "{spec.tpu_topology}" is not supported for machine type "{spec.machine_type}"'
        yield Problem(f"{path}.tpu_topology", f"{words}; possible are {', '.join(possible) or 'none'}.")


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


def enum_name(message: Any, field: str) -> str:
    values = message.DESCRIPTOR.fields_by_name[field].enum_type.values_by_number
    number = getattr(message, field)
    return str(values[number].name) if number in values else str(number)
