"""Where Vertex AI is, and which accelerators train there.

https://cloud.google.com/vertex-ai/docs/general/locations
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from submit.catalogue.tables import rows


@cache
def regions() -> tuple[str, ...]:
    """All of Vertex AI's regions in alphabetical order, those without accelerators included."""
    return tuple(region for (region,) in rows("regions"))


def region_has(region: str, accelerator_type: str) -> bool | None:
    """Whether a region has an accelerator for training; None if the region or the accelerator is not known.

    A TPU machine type is asked for by what it implies: `machine("ct6e-standard-4t").tpu`.
    """
    places = _regions_of().get(accelerator_type)
    if places is None or region not in regions():
        return None
    return region in places


def regions_with(accelerator_type: str) -> tuple[str, ...]:
    """The regions that have an accelerator for training, in alphabetical order."""
    return _regions_of().get(accelerator_type, ())


@cache
def _regions_of() -> Mapping[str, tuple[str, ...]]:
    places: dict[str, tuple[str, ...]] = {}
    for region, accelerator, for_training in rows("region_accelerators"):
        here = (region,) if for_training == "yes" else ()
        places[accelerator] = (*places.get(accelerator, ()), *here)
    return places
