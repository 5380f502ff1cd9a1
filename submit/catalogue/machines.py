"""Which machines Vertex AI trains on, and which accelerators they take.

https://cloud.google.com/vertex-ai/docs/training/configure-compute
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import NamedTuple

from submit.catalogue.tables import rows
from submit.job import Machine


class MachineType(NamedTuple):
    """A machine type. `vcpus` and `memory_gb` are None where Google does not say (`cloud-tpu`).

    `accelerator_required`: a job must name the accelerator and its count, even if the type implies them.
    `tpu`: the TPU that the type itself implies; such a machine is given a `tpu_topology` and no accelerator.
    """

    name: str
    vcpus: int | None
    memory_gb: float | None
    accelerator_required: bool
    tpu: str | None


class TpuTopology(NamedTuple):
    """A slice of a TPU pod as `tpuTopology` names it, how many chips it has and on how many machines."""

    topology: str
    chips: int
    vms: int


def machine(name: str) -> MachineType | None:
    return _machines().get(name)


def machine_names() -> tuple[str, ...]:
    return tuple(_machines())


@cache
def accelerator_names() -> tuple[str, ...]:
    """All that the API's `acceleratorType` may be, those included that have been retired."""
    return tuple(name for (name,) in rows("accelerators"))


def accelerators_of(machine_type: str) -> Mapping[str, tuple[int, ...]]:
    """Accelerator type → how many of it a machine of that type may have, ascending; empty if it takes none."""
    return _accelerators().get(machine_type, MappingProxyType({}))


def tpu_topologies(machine_type: str) -> tuple[TpuTopology, ...]:
    """The slices that a TPU machine type comes in, smallest first; empty for any other machine."""
    return tuple(
        TpuTopology(topology=topology, chips=int(chips), vms=int(vms))
        for name, topology, chips, vms in rows("tpu_topologies")
        if name == machine_type
    )


def offered(machine: Machine) -> bool:
    """Whether Vertex AI trains on this machine type with this accelerator in this number."""
    known = _machines().get(machine.machine_type)
    if known is None:
        return False
    if machine.accelerator_type is None:
        return machine.accelerator_count == 0 and not known.accelerator_required
    return machine.accelerator_count in accelerators_of(known.name).get(machine.accelerator_type, ())


def in_words(machine: Machine) -> str:
    """For people: `n1-standard-8` with 1 × `NVIDIA_TESLA_T4`."""
    host = f"`{machine.machine_type}`"
    if machine.accelerator_type is None:
        return host
    return f"{host} with {machine.accelerator_count} × `{machine.accelerator_type}`"


@cache
def _machines() -> Mapping[str, MachineType]:
    return {
        name: MachineType(
            name=name,
            vcpus=int(vcpus) if vcpus else None,
            memory_gb=float(memory) if memory else None,
            accelerator_required=required == "yes",
            tpu=tpu or None,
        )
        for name, vcpus, memory, required, tpu in rows("machine_types")
    }


@cache
def _accelerators() -> Mapping[str, Mapping[str, tuple[int, ...]]]:
    table: dict[str, dict[str, tuple[int, ...]]] = {}
    for machine_type, accelerator, counts in rows("machine_accelerators"):
        table.setdefault(machine_type, {})[accelerator] = tuple(map(int, counts.split(";")))
    return {name: MappingProxyType(accelerators) for name, accelerators in table.items()}
