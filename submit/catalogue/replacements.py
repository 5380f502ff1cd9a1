"""What stands in today for machines and accelerators that are gone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import cache
from typing import NamedTuple

from submit.catalogue.machines import accelerators_of, machine_names, offered
from submit.catalogue.machines import machine as machine_type_named
from submit.catalogue.tables import rows
from submit.job import Machine


class RetiredAccelerator(NamedTuple):
    """An accelerator that no job gets any more; `ended` is None where the day is not known, `why` is a sentence."""

    name: str
    ended: date | None
    replacement: str
    why: str


def retired_accelerator(name: str) -> RetiredAccelerator | None:
    return _retired().get(name)


def replacement_for(machine: Machine) -> Machine | None:
    """The nearest machine that Vertex AI offers today: the machine itself if it is one, None if nothing is near.

    What is retired becomes its successor. Then, in this order: the same host, at least as many accelerators (or the
    most that there are), at least as many vCPUs, the same kind (`standard`, `highmem` …), the least memory. Without
    an accelerator the host comes from the same series (`n1`, `e2` …).
    """
    wanted = _with_accelerator_of_today(machine)
    if offered(wanted):
        return wanted
    candidates = [host for host in _hosts(wanted) if offered(host)]
    return min(candidates, key=lambda host: _distance(host, wanted), default=None)


def _with_accelerator_of_today(machine: Machine) -> Machine:
    known = machine_type_named(machine.machine_type)
    if known and known.tpu and known.tpu == machine.accelerator_type:
        return replace(machine, accelerator_type=None, accelerator_count=0)
    retired = _retired().get(machine.accelerator_type or "")
    return replace(machine, accelerator_type=retired.replacement) if retired else machine


def _hosts(wanted: Machine) -> Iterator[Machine]:
    """All machines that could stand in for `wanted`, offered or not."""
    for name in machine_names():
        if wanted.accelerator_type is None and _series(name) != _series(wanted.machine_type):
            continue
        yield replace(wanted, machine_type=name, accelerator_count=0)
        for accelerator, counts in accelerators_of(name).items():
            if accelerator == (wanted.accelerator_type or accelerator):
                for count in counts:
                    yield replace(wanted, machine_type=name, accelerator_type=accelerator, accelerator_count=count)


def _distance(host: Machine, wanted: Machine) -> tuple[object, ...]:
    missing = wanted.accelerator_count - host.accelerator_count
    vcpus, memory = _size(host.machine_type)
    lacking = _size(wanted.machine_type)[0] - vcpus
    return (
        host.machine_type != wanted.machine_type,
        missing > 0,
        abs(missing),
        lacking > 0,
        abs(lacking),
        _kind(host.machine_type) != _kind(wanted.machine_type),
        memory,
    )


def _size(machine_type: str) -> tuple[int, float]:
    """vCPUs and memory in GB; of a name that is not in the table the first number in it and 0."""
    known = machine_type_named(machine_type)
    if known:
        return known.vcpus or 0, known.memory_gb or 0.0
    return next((int(part) for part in machine_type.split("-") if part.isdecimal()), 0), 0.0


def _series(machine_type: str) -> str:
    return machine_type.partition("-")[0]


def _kind(machine_type: str) -> str:
    return machine_type.rpartition("-")[0].partition("-")[2]


@cache
def _retired() -> dict[str, RetiredAccelerator]:
    return {
        name: RetiredAccelerator(
            name=name, ended=date.fromisoformat(ended) if ended else None, replacement=replacement, why=why
        )
        for name, ended, replacement, why in rows("retired_accelerators")
    }
