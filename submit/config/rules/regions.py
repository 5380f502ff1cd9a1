"""Regions: they exist, and they have what the machines need.

https://cloud.google.com/vertex-ai/docs/general/locations
"""

from __future__ import annotations

from collections.abc import Iterator

from submit import catalogue
from submit.config.draft import Draft
from submit.config.rules.machines import fallback_machines
from submit.config.values import text
from submit.errors import Problem
from submit.job import Machine
from submit.suggest import nearest

_KEYS = ("submit.region", "trainingInput.region")


def region(draft: Draft) -> Iterator[Problem]:
    path = next((key for key in _KEYS if key in draft.marks), "")
    yield from _in_region(draft, draft.config.region, path, [machine for machine, _ in draft.machines()])


def fallbacks(draft: Draft) -> Iterator[Problem]:
    """Each fallback in its own region, or in that of the job."""
    for index, (machine, _) in enumerate(fallback_machines(draft)):
        path = f"submit.fallbacks[{index}]"
        own = text(dict(draft.config.fallbacks[index]), "region")
        yield from _in_region(draft, own, f"{path}.region", [machine])


def _in_region(draft: Draft, name: str | None, path: str, machines: list[Machine]) -> Iterator[Problem]:
    if name is None:
        return
    if name not in catalogue.regions():
        meant = nearest(name, catalogue.regions())
        hint = f"Did you mean `{meant}`?" if meant else "Regions look like `us-central1`."
        yield draft.error(path, f"`{name}` is not a region of Vertex AI", hint)
        return
    for accelerator in dict.fromkeys(filter(None, map(_accelerator_of_today, machines))):
        if catalogue.region_has(name, accelerator) is False:
            has = ", ".join(f"`{region}`" for region in catalogue.regions_with(accelerator))
            hint = f"There is `{accelerator}` in {has}." if has else ""
            yield draft.error(path, f"`{name}` has no `{accelerator}` for training", hint)


def _accelerator_of_today(machine: Machine) -> str | None:
    today = catalogue.replacement_for(machine) or machine
    known = catalogue.machine(today.machine_type)
    return today.accelerator_type or (known.tpu if known else None)


RULES = (region, fallbacks)
