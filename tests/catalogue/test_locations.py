from __future__ import annotations

import re

import pytest

from submit import catalogue
from submit.catalogue.tables import rows


def test_regions_are_spelled_as_regions_and_sorted() -> None:
    regions = catalogue.regions()
    assert len(regions) == 42
    assert list(regions) == sorted(regions)
    assert all(re.fullmatch(r"[a-z]+-[a-z]+\d+", region) for region in regions)
    assert {"us-central1", "europe-west8", "australia-southeast1"} <= set(regions)


@pytest.mark.parametrize(
    ("region", "accelerator", "has"),
    [
        ("us-central1", "NVIDIA_TESLA_T4", True),
        ("europe-west4", "NVIDIA_TESLA_A100", True),
        ("europe-west1", "NVIDIA_TESLA_A100", False),
        ("europe-west1", "NVIDIA_L4", False),
        ("me-west1", "NVIDIA_TESLA_T4", False),
        ("europe-west8", "NVIDIA_TESLA_T4", False),
        ("us-central1", "TPU_V5_LITEPOD", True),
        ("us-east5", "TPU_V6E", True),
        ("us-central9", "NVIDIA_TESLA_T4", None),
        ("us-central1", "NVIDIA_TESLA_T5", None),
        ("us-central1", "T4", None),
    ],
)
def test_a_region_has_an_accelerator_for_training_or_not(region: str, accelerator: str, has: bool | None) -> None:
    assert catalogue.region_has(region, accelerator) is has


def test_the_regions_with_an_accelerator_are_listed() -> None:
    assert catalogue.regions_with("NVIDIA_TESLA_V100") == (
        *("asia-east1", "europe-west4", "us-central1", "us-east1", "us-west1"),
    )
    assert catalogue.regions_with("NVIDIA_GB200") == ("us-central1", "us-east4")
    assert catalogue.regions_with("NVIDIA_TESLA_K80") == ()
    assert catalogue.regions_with("") == ()


@pytest.mark.parametrize("accelerator", sorted({accelerator for _, accelerator, _ in rows("region_accelerators")}))
def test_every_accelerator_of_a_region_is_known_and_every_region_too(accelerator: str) -> None:
    implied = {found.tpu for found in map(catalogue.machine, catalogue.machine_names()) if found}
    pods = {"TPU_V2_POD", "TPU_V3_POD"}
    assert accelerator in {*catalogue.accelerator_names(), *implied, *pods}
    assert set(catalogue.regions_with(accelerator)) <= set(catalogue.regions())


def test_every_accelerator_that_a_machine_takes_is_somewhere() -> None:
    for machine_type in catalogue.machine_names():
        for accelerator in catalogue.accelerators_of(machine_type):
            assert catalogue.regions_with(accelerator), accelerator
