"""Machines and accelerators: they exist, they go together, and in which numbers.

https://cloud.google.com/vertex-ai/docs/training/configure-compute
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache

from submit import catalogue
from submit.config.draft import Draft, MachinePaths
from submit.config.values import number, text
from submit.errors import Problem
from submit.job import Json, Machine, Role
from submit.suggest import nearest


def machines(draft: Draft) -> Iterator[Problem]:
    for machine, paths in draft.machines():
        yield from of_machine(draft, machine, paths)


def fallbacks(draft: Draft) -> Iterator[Problem]:
    """The first machine as each fallback would have it."""
    for index, (machine, paths) in enumerate(fallback_machines(draft)):
        if _MACHINE_KEYS & set(draft.config.fallbacks[index]) and not draft.broken(f"submit.fallbacks[{index}]"):
            yield from of_machine(draft, machine, paths)


_MACHINE_KEYS = frozenset({"machineType", "acceleratorType", "acceleratorCount"})


def fallback_machines(draft: Draft) -> Iterator[tuple[Machine, MachinePaths]]:
    for index, fallback in enumerate(draft.config.fallbacks if draft.config.pools else ()):
        here = f"submit.fallbacks[{index}]"
        paths = MachinePaths(
            machine=f"{here}.machineType",
            accelerator_type=f"{here}.acceleratorType",
            accelerator_count=f"{here}.acceleratorCount",
            topology=here,
        )
        yield _changed(draft.config.pools[0].machine, fallback), paths


def _changed(machine: Machine, fallback: Mapping[str, Json]) -> Machine:
    """A fallback with another machine type brings its accelerator along, or has none."""
    values = dict(fallback)
    if "machineType" in values:
        machine = Machine(machine_type=text(values, "machineType") or "")
    else:
        machine = catalogue.replacement_for(machine) or machine
    return replace(
        machine,
        accelerator_type=text(values, "acceleratorType") or machine.accelerator_type,
        accelerator_count=number(values, "acceleratorCount") or machine.accelerator_count,
        written_as=None,
    )


def of_machine(draft: Draft, machine: Machine, paths: MachinePaths) -> Iterator[Problem]:
    if not machine.machine_type:
        return
    if machine.written_as:
        yield from _written_as_ml_engine_does(draft, machine, paths)
        return
    known = catalogue.machine(machine.machine_type)
    if known is None:
        yield _unknown_machine(draft, machine, paths)
    elif known.tpu:
        yield from _tpu(draft, machine, paths)
    else:
        yield from _accelerator(draft, machine, paths, required=known.accelerator_required)


def _written_as_ml_engine_does(draft: Draft, machine: Machine, paths: MachinePaths) -> Iterator[Problem]:
    legacy = catalogue.legacy_machine(machine.written_as or "")
    assert legacy is not None, machine
    if catalogue.replacement_for(machine) == machine:
        return
    yield draft.warning(paths.machine, legacy.why, "`submit convert` writes a config with machines of today.")


def _unknown_machine(draft: Draft, machine: Machine, paths: MachinePaths) -> Problem:
    name = machine.machine_type
    legacy = catalogue.legacy_machine(name)
    if legacy:
        today = catalogue.in_words(legacy.replacement)
        return draft.error(paths.machine, f"`{name}` is ML Engine's name for a machine", f"Today it is {today}.")
    replacement = catalogue.replacement_for(machine) if name in _hosts_of_ml_engine() else None
    if replacement:
        hint = f"The nearest is {catalogue.in_words(replacement)}."
        return draft.warning(paths.machine, f"Vertex AI does not train on `{name}`", hint)
    names = catalogue.machine_names()
    if not draft.vertex:
        names += catalogue.legacy_machine_names()
    meant = nearest(name, names)
    hint = f"Did you mean `{meant}`?" if meant else "Machine types look like `n1-standard-8`."
    return draft.error(paths.machine, f"`{name}` is not a machine to train on", hint)


@cache
def _hosts_of_ml_engine() -> frozenset[str]:
    """Machine types that ML Engine had; those that Vertex AI has not are a matter of age, not of spelling."""
    legacy = (catalogue.legacy_machine(name) for name in catalogue.legacy_machine_names())
    return frozenset(known.machine.machine_type for known in legacy if known)


def _accelerator(draft: Draft, machine: Machine, paths: MachinePaths, *, required: bool) -> Iterator[Problem]:
    if machine.tpu_topology:
        yield draft.error(paths.topology, f"`{machine.machine_type}` is not a TPU machine", "Remove the topology.")
    if draft.broken(paths.accelerator_type) or draft.broken(paths.accelerator_count):
        return
    accelerator = machine.accelerator_type
    if accelerator is None:
        yield from _none(draft, machine, paths, required=required)
    elif machine.accelerator_count == 0:
        yield draft.error(
            paths.accelerator_type, f"`{accelerator}` has no count", _possible(machine) or _write_count(paths)
        )
    elif catalogue.retired_accelerator(accelerator):
        yield _retired(draft, machine, paths)
    else:
        yield from _combination(draft, machine, paths)


def _write_count(paths: MachinePaths) -> str:
    return f"Write `{paths.accelerator_count.rpartition('.')[2]}: 1`."


def _none(draft: Draft, machine: Machine, paths: MachinePaths, *, required: bool) -> Iterator[Problem]:
    if machine.accelerator_count:
        hint = f"Name it: {_listed(catalogue.accelerators_of(machine.machine_type)) or 'or remove the count'}."
        yield draft.error(paths.accelerator_count, "an accelerator count without an accelerator", hint)
    elif required:
        own = catalogue.accelerators_of(machine.machine_type)
        ways = " or ".join(f"{_counts(counts)} × `{name}`" for name, counts in own.items())
        yield draft.error(
            paths.machine, f"`{machine.machine_type}` needs its accelerator named", f"Add it: {_clip(ways)}."
        )


def _retired(draft: Draft, machine: Machine, paths: MachinePaths) -> Problem:
    retired = catalogue.retired_accelerator(machine.accelerator_type or "")
    assert retired is not None, machine
    replacement = catalogue.replacement_for(machine)
    hint = f"The nearest today is {catalogue.in_words(replacement)}." if replacement else ""
    return draft.warning(paths.accelerator_type, retired.why, hint)


def _combination(draft: Draft, machine: Machine, paths: MachinePaths) -> Iterator[Problem]:
    host, accelerator = machine.machine_type, machine.accelerator_type or ""
    takes = catalogue.accelerators_of(host)
    if accelerator not in takes:
        yield draft.error(
            paths.accelerator_type,
            f"`{accelerator}` does not go with `{host}`",
            f"`{host}` takes {_listed(takes)}."
            if takes
            else f"`{host}` takes no accelerator{_hosts_for(accelerator)}.",
        )
    elif machine.accelerator_count not in takes[accelerator]:
        count = machine.accelerator_count
        yield draft.error(paths.accelerator_count, f"{count} is not possible with `{host}`", _possible(machine))


def _possible(machine: Machine) -> str:
    counts = catalogue.accelerators_of(machine.machine_type).get(machine.accelerator_type or "")
    if not counts:
        return ""
    return f"`{machine.accelerator_type}` comes in {_counts(counts)} with `{machine.machine_type}`."


def _counts(counts: tuple[int, ...]) -> str:
    shown = [str(count) for count in counts]
    if len(shown) > 6:
        return f"{', '.join(shown[:4])} … {shown[-1]}"
    return " or ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else shown[0]


def _hosts_for(accelerator: str) -> str:
    hosts = [name for name in catalogue.machine_names() if accelerator in catalogue.accelerators_of(name)]
    return f"; `{accelerator}` goes with `{hosts[0]}`" if hosts else ""


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _clip(text: str) -> str:
    return text if len(text) <= 100 else f"{text[:97]}…"


def _tpu(draft: Draft, machine: Machine, paths: MachinePaths) -> Iterator[Problem]:
    """A TPU that the machine type implies."""
    host = machine.machine_type
    if machine.accelerator_type or machine.accelerator_count:
        path = paths.accelerator_type if machine.accelerator_type else paths.accelerator_count
        yield draft.error(path, f"`{host}` is a TPU already", "Remove the accelerator; `tpuTopology` gives the size.")
    topologies = [found.topology for found in catalogue.tpu_topologies(host)]
    listed = _listed(topologies)
    if machine.tpu_topology is None:
        if not draft.broken(paths.topology):
            yield draft.error(paths.machine, f"`{host}` needs a `tpuTopology`", f"It comes as {listed}.")
    elif machine.tpu_topology not in topologies:
        message = f"`{machine.tpu_topology}` is not possible with `{host}`"
        yield draft.error(paths.topology, message, f"It comes as {listed}.")


def replicas(draft: Draft) -> Iterator[Problem]:
    """One chief; and a TPU job is one pool with one replica, whatever the size of its slice."""
    for pool, paths in draft.pools():
        if draft.broken(paths.replicas):
            continue
        if pool.role is Role.CHIEF and pool.replicas != 1:
            hint = "Further machines are a pool of their own, the second one."
            yield draft.error(paths.replicas, f"the first pool has 1 replica, not {pool.replicas}", hint)
        elif len(draft.config.pools) > 1 and is_tpu(pool.machine):
            yield draft.error(paths.pool, "a TPU job has one pool only", "A larger slice is a larger topology.")


def is_tpu(machine: Machine) -> bool:
    known = catalogue.machine(machine.machine_type)
    return machine.machine_type == "cloud-tpu" or bool(known and known.tpu)


RULES = (machines, fallbacks, replicas)
