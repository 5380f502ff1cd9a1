"""Facts of the world as data: machines, accelerators, regions, images and prices, and lookups over them.

Each table is a file in `data/`, read when it is first asked for; `data/README.md` says where each comes from.
"""

from __future__ import annotations

from submit.catalogue.images import (
    TrainingImage,
    image_for_runtime,
    nearest_in_date,
    runtime_pythons,
    training_image,
    training_images,
)
from submit.catalogue.legacy import (
    LegacyMachine,
    LegacyPool,
    legacy_machine,
    legacy_machine_names,
    ml_engine_accelerators,
    scale_tier,
    scale_tier_names,
)
from submit.catalogue.locations import region_has, regions, regions_with
from submit.catalogue.machines import (
    MachineType,
    TpuTopology,
    accelerator_names,
    accelerators_of,
    in_words,
    machine,
    machine_names,
    offered,
    tpu_topologies,
)
from submit.catalogue.prices import hourly_price, prices_checked
from submit.catalogue.replacements import RetiredAccelerator, replacement_for, retired_accelerator

__all__ = [
    "LegacyMachine",
    "LegacyPool",
    "MachineType",
    "RetiredAccelerator",
    "TpuTopology",
    "TrainingImage",
    "accelerator_names",
    "accelerators_of",
    "hourly_price",
    "image_for_runtime",
    "in_words",
    "legacy_machine",
    "legacy_machine_names",
    "machine",
    "machine_names",
    "ml_engine_accelerators",
    "nearest_in_date",
    "offered",
    "prices_checked",
    "region_has",
    "regions",
    "regions_with",
    "replacement_for",
    "retired_accelerator",
    "runtime_pythons",
    "scale_tier",
    "scale_tier_names",
    "tpu_topologies",
    "training_image",
    "training_images",
]
