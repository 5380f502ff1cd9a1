from __future__ import annotations

from datetime import date

import pytest

from submit import catalogue
from submit.catalogue.tables import rows
from submit.job import Machine


def machine(machine_type: str, accelerator: str | None = None, count: int = 0) -> Machine:
    return Machine(machine_type=machine_type, accelerator_type=accelerator, accelerator_count=count)


@pytest.mark.parametrize(
    ("priced", "usd", "usd_spot"),
    [
        (machine("n1-standard-4"), 0.19, 0.067),
        (machine("n1-standard-8"), 0.38, 0.134),
        (machine("n1-standard-8", "NVIDIA_TESLA_T4", 1), 0.73, 0.309),
        (machine("n1-standard-8", "NVIDIA_TESLA_T4", 4), 1.78, 0.834),
        (machine("n1-standard-8", "NVIDIA_TESLA_V100", 1), 2.86, 1.223),
        (machine("g2-standard-8"), 0.854, 0.480),
        (machine("g2-standard-8", "NVIDIA_L4", 1), 0.854, 0.480),
        (machine("a2-highgpu-1g", "NVIDIA_TESLA_A100", 1), 3.673, 1.928),
        (machine("a2-ultragpu-1g", "NVIDIA_A100_80GB", 1), 5.069, 2.760),
        (machine("a3-highgpu-8g", "NVIDIA_H100_80GB", 8), 88.49, 50.610),
        (machine("g4-standard-48", "NVIDIA_RTX_PRO_6000", 1), 4.50, 1.80),
        (machine("e2-standard-4"), 0.134, 0.080),
    ],
    ids=lambda value: catalogue.in_words(value).replace("`", "") if isinstance(value, Machine) else str(value),
)
def test_a_machine_has_its_list_price_in_iowa(priced: Machine, usd: float, usd_spot: float) -> None:
    price = catalogue.hourly_price(priced, "us-central1")
    spot = catalogue.hourly_price(priced, "us-central1", spot=True)
    assert price is not None
    assert spot is not None
    assert (round(price, 3), round(spot, 3)) == (usd, usd_spot)


def test_a_price_with_its_gpu_is_exact() -> None:
    assert catalogue.hourly_price(machine("n1-standard-8", "NVIDIA_TESLA_T4", 1), "us-central1") == 0.73


@pytest.mark.parametrize(
    ("unpriced", "region"),
    [
        (machine("n1-standard-8"), "us-central9"),
        (machine("n1-standard-8"), ""),
        (machine("n1-standard"), "us-central1"),
        (machine("standard_gpu"), "us-central1"),
        (machine(""), "us-central1"),
        (machine("n1-standard-8", "NVIDIA_TESLA_T4", 1), "europe-west8"),
        (machine("n1-standard-8", "NVIDIA_TESLA_K80", 1), "us-central1"),
        (machine("a2-highgpu-1g", "NVIDIA_TESLA_T4", 1), "us-central1"),
        (machine("a3-ultragpu-8g", "NVIDIA_H200_141GB", 8), "us-central1"),
        (machine("cloud-tpu", "TPU_V2", 8), "us-central1"),
        (machine("ct6e-standard-4t"), "us-central1"),
    ],
)
def test_what_is_not_known_has_no_price(unpriced: Machine, region: str) -> None:
    assert catalogue.hourly_price(unpriced, region) is None
    assert catalogue.hourly_price(unpriced, region, spot=True) is None


def test_every_row_is_found_as_it_stands() -> None:
    for name, region, usd, usd_spot in rows("machine_prices"):
        assert catalogue.hourly_price(machine(name), region) == float(usd)
        assert catalogue.hourly_price(machine(name), region, spot=True) == float(usd_spot)


def test_prices_are_of_known_machines_and_positive() -> None:
    table = list(rows("machine_prices"))
    assert len(table) == 4181
    assert {name for name, *_ in table} <= set(catalogue.machine_names())
    assert all(0 < float(usd_spot) <= float(usd) < 200 for _, _, usd, usd_spot in table)


def test_gpu_prices_are_of_gpus_that_n1_takes_or_took() -> None:
    priced = {name for name, *_ in rows("attached_gpu_prices")}
    assert priced == {*catalogue.accelerators_of("n1-standard-8"), "NVIDIA_TESLA_P100"}


def test_the_day_of_the_prices_is_known() -> None:
    assert catalogue.prices_checked() == date(2026, 7, 30)
