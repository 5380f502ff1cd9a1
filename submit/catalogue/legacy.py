"""ML Engine's own names for machines and groups of machines, and what runs on Vertex AI in their place.

https://cloud.google.com/ai-platform/training/docs/machine-types
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from submit.catalogue.machines import in_words
from submit.catalogue.machines import machine as machine_type_named
from submit.catalogue.replacements import replacement_for, retired_accelerator
from submit.catalogue.tables import rows
from submit.job import Machine, Role


class LegacyMachine(NamedTuple):
    """`machine` is what the name stood for on ML Engine, `replacement` what runs today; `why` is a sentence."""

    legacy_name: str
    machine: Machine
    replacement: Machine
    why: str


class LegacyPool(NamedTuple):
    """One of the groups of equal machines that a scale tier stood for."""

    role: Role
    replicas: int
    machine: LegacyMachine


@cache
def legacy_machine(name: str) -> LegacyMachine | None:
    machine = _machines().get(name)
    if machine is None:
        return None
    replacement = replacement_for(machine)
    assert replacement is not None, name
    return LegacyMachine(legacy_name=name, machine=machine, replacement=replacement, why=_why(machine, replacement))


def legacy_machine_names() -> tuple[str, ...]:
    return tuple(_machines())


def scale_tier(name: str) -> tuple[LegacyPool, ...]:
    """The pools of a scale tier, chief first; empty for `CUSTOM` and for what is no tier.

    `BASIC_TPU` had a machine beside the TPU's own; on Vertex AI a TPU job is its one TPU pool.
    """
    return tuple(
        LegacyPool(role=Role(role), replicas=int(replicas), machine=_named(machine))
        for tier, role, replicas, machine in rows("scale_tiers")
        if tier == name
    )


@cache
def scale_tier_names() -> tuple[str, ...]:
    return (*dict.fromkeys(tier for tier, *_ in rows("scale_tiers")), "CUSTOM")


@cache
def ml_engine_accelerators() -> tuple[str, ...]:
    """All that ML Engine's `acceleratorConfig.type` could be."""
    return tuple(name for (name,) in rows("ml_engine_accelerators"))


def _named(name: str) -> LegacyMachine:
    machine = legacy_machine(name)
    assert machine is not None, name
    return machine


def _why(was: Machine, now: Machine) -> str:
    sentence = f"`{was.written_as}` was {in_words(was)}"
    if was == now:
        return f"{sentence}, which Vertex AI has too"
    return f"{sentence}; {_reason(was)}; the nearest today is {in_words(now)}"


def _reason(was: Machine) -> str:
    retired = retired_accelerator(was.accelerator_type or "")
    if retired:
        return retired.why
    assert machine_type_named(was.machine_type) is None, was
    return f"Vertex AI does not train on `{was.machine_type}`"


@cache
def _machines() -> dict[str, Machine]:
    return {
        name: Machine(
            machine_type=machine_type,
            accelerator_type=accelerator or None,
            accelerator_count=int(count or 0),
            written_as=name,
        )
        for name, machine_type, accelerator, count in rows("legacy_machines")
    }
