from __future__ import annotations

from datetime import date

import pytest

from submit import catalogue
from submit.catalogue.tables import rows
from submit.job import Machine

RETIRED = [name for name, *_ in rows("retired_accelerators")]


def machine(machine_type: str, accelerator: str | None = None, count: int = 0) -> Machine:
    return Machine(machine_type=machine_type, accelerator_type=accelerator, accelerator_count=count)


def test_a_retired_accelerator_has_its_day_and_its_successor() -> None:
    k80 = catalogue.retired_accelerator("NVIDIA_TESLA_K80")
    assert k80 is not None
    assert k80.ended == date(2024, 5, 1)
    assert k80.replacement == "NVIDIA_TESLA_T4"
    assert k80.why == "support for the NVIDIA K80 ended on 2024-05-01"
    p100 = catalogue.retired_accelerator("NVIDIA_TESLA_P100")
    assert p100 is not None
    assert p100.ended == date(2026, 9, 15)


@pytest.mark.parametrize("name", ["NVIDIA_TESLA_T4", "TPU_V2", "NVIDIA_TESLA_T5", ""])
def test_what_is_in_service_or_unknown_is_not_retired(name: str) -> None:
    assert catalogue.retired_accelerator(name) is None


@pytest.mark.parametrize("name", RETIRED)
def test_a_successor_is_itself_in_service(name: str) -> None:
    retired = catalogue.retired_accelerator(name)
    assert retired is not None
    assert retired.replacement in {accelerator for _, accelerator, _ in rows("machine_accelerators")}
    assert catalogue.retired_accelerator(retired.replacement) is None
    assert retired.ended is None or retired.ended.isoformat() in retired.why


@pytest.mark.parametrize(
    ("gone", "today"),
    [
        (machine("n1-standard-8", "NVIDIA_TESLA_K80", 1), machine("n1-standard-8", "NVIDIA_TESLA_T4", 1)),
        (machine("n1-standard-32", "NVIDIA_TESLA_K80", 8), machine("n1-standard-32", "NVIDIA_TESLA_T4", 4)),
        (machine("n1-standard-32", "NVIDIA_TESLA_K80", 1), machine("n1-standard-32", "NVIDIA_TESLA_T4", 2)),
        (machine("n1-standard-8", "NVIDIA_TESLA_T4", 3), machine("n1-standard-8", "NVIDIA_TESLA_T4", 4)),
        (machine("n1-standard-8", "NVIDIA_TESLA_T4"), machine("n1-standard-8", "NVIDIA_TESLA_T4", 1)),
        (machine("n1-standard-2", "NVIDIA_TESLA_T4", 1), machine("n1-highmem-2", "NVIDIA_TESLA_T4", 1)),
        (machine("e2-standard-4", "NVIDIA_TESLA_T4", 1), machine("n1-standard-4", "NVIDIA_TESLA_T4", 1)),
        (machine("n1-standard-4", "NVIDIA_L4", 1), machine("g2-standard-4", "NVIDIA_L4", 1)),
        (machine("n1-standard-32", "NVIDIA_L4", 8), machine("g2-standard-96", "NVIDIA_L4", 8)),
        (machine("g2-standard-8"), machine("g2-standard-8", "NVIDIA_L4", 1)),
        (machine("n1-highcpu-8"), machine("n1-standard-8")),
        (machine("n1-standard-1"), machine("n1-highmem-2")),
        (machine("n2-custom-6-32768"), machine("n2-standard-8")),
        (machine("cloud-tpu", "TPU_V3_POD", 128), machine("cloud-tpu", "TPU_V3", 128)),
        (machine("cloud-tpu"), machine("cloud-tpu", "TPU_V2", 8)),
        (machine("ct5lp-hightpu-4t", "TPU_V5_LITEPOD", 4), machine("ct5lp-hightpu-4t")),
    ],
    ids=lambda value: catalogue.in_words(value).replace("`", ""),
)
def test_the_nearest_machine_stands_in_for_one_that_is_gone(gone: Machine, today: Machine) -> None:
    assert catalogue.replacement_for(gone) == today
    assert catalogue.offered(today)


@pytest.mark.parametrize("name", catalogue.machine_names())
def test_what_is_offered_stays_as_it_is(name: str) -> None:
    for accelerator, counts in catalogue.accelerators_of(name).items():
        for count in counts:
            assert catalogue.replacement_for(machine(name, accelerator, count)) == machine(name, accelerator, count)


@pytest.mark.parametrize("unknown", [machine("toaster"), machine("n1-standard-8", "NVIDIA_TESLA_T5", 1)])
def test_nothing_stands_in_for_what_was_never_there(unknown: Machine) -> None:
    assert catalogue.replacement_for(unknown) is None


def test_a_replacement_keeps_the_rest_of_the_machine() -> None:
    old = Machine(machine_type="n1-highcpu-8", boot_disk_type="pd-ssd", boot_disk_gb=200, written_as="complex_model_s")
    assert catalogue.replacement_for(old) == Machine(
        machine_type="n1-standard-8", boot_disk_type="pd-ssd", boot_disk_gb=200, written_as="complex_model_s"
    )
