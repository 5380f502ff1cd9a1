from __future__ import annotations

import pytest

from submit import catalogue
from submit.catalogue import LegacyMachine
from submit.job import Machine, Role


def found(name: str) -> LegacyMachine:
    machine = catalogue.legacy_machine(name)
    assert machine is not None
    return machine


def test_the_first_gpu_machine_becomes_the_same_host_with_a_t4() -> None:
    assert found("standard_gpu") == LegacyMachine(
        legacy_name="standard_gpu",
        machine=Machine(
            machine_type="n1-standard-8",
            accelerator_type="NVIDIA_TESLA_K80",
            accelerator_count=1,
            written_as="standard_gpu",
        ),
        replacement=Machine(
            machine_type="n1-standard-8",
            accelerator_type="NVIDIA_TESLA_T4",
            accelerator_count=1,
            written_as="standard_gpu",
        ),
        why="`standard_gpu` was `n1-standard-8` with 1 × `NVIDIA_TESLA_K80`; "
        "support for the NVIDIA K80 ended on 2024-05-01; "
        "the nearest today is `n1-standard-8` with 1 × `NVIDIA_TESLA_T4`",
    )


@pytest.mark.parametrize(
    ("name", "today"),
    [
        ("standard", "`n1-standard-4`"),
        ("large_model", "`n1-highmem-8`"),
        ("complex_model_s", "`n1-standard-8`"),
        ("complex_model_m", "`n1-highcpu-16`"),
        ("complex_model_l", "`n1-highcpu-32`"),
        ("standard_gpu", "`n1-standard-8` with 1 × `NVIDIA_TESLA_T4`"),
        ("complex_model_m_gpu", "`n1-standard-16` with 4 × `NVIDIA_TESLA_T4`"),
        ("complex_model_l_gpu", "`n1-standard-32` with 4 × `NVIDIA_TESLA_T4`"),
        ("standard_p100", "`n1-standard-8` with 1 × `NVIDIA_TESLA_T4`"),
        ("complex_model_m_p100", "`n1-standard-16` with 4 × `NVIDIA_TESLA_T4`"),
        ("standard_v100", "`n1-standard-8` with 1 × `NVIDIA_TESLA_V100`"),
        ("large_model_v100", "`n1-highmem-8` with 1 × `NVIDIA_TESLA_V100`"),
        ("complex_model_m_v100", "`n1-standard-16` with 4 × `NVIDIA_TESLA_V100`"),
        ("complex_model_l_v100", "`n1-standard-32` with 8 × `NVIDIA_TESLA_V100`"),
        ("cloud_tpu", "`cloud-tpu` with 8 × `TPU_V2`"),
    ],
)
def test_an_ml_engine_name_becomes_a_machine_of_today(name: str, today: str) -> None:
    assert catalogue.in_words(found(name).replacement) == today


def test_those_are_all_names() -> None:
    assert len(catalogue.legacy_machine_names()) == 15


@pytest.mark.parametrize("name", catalogue.legacy_machine_names())
def test_every_replacement_is_offered_and_remembers_the_name(name: str) -> None:
    legacy = found(name)
    assert catalogue.offered(legacy.replacement)
    assert legacy.machine.written_as == legacy.replacement.written_as == name
    assert catalogue.machine(name) is None


def test_the_sentence_says_what_changed_and_why() -> None:
    assert found("standard").why == "`standard` was `n1-standard-4`, which Vertex AI has too"
    assert found("complex_model_s").why == (
        "`complex_model_s` was `n1-highcpu-8`; Vertex AI does not train on `n1-highcpu-8`; "
        "the nearest today is `n1-standard-8`"
    )


@pytest.mark.parametrize("name", ["n1-standard-4", "standard-gpu", "STANDARD_GPU", ""])
def test_other_names_are_not_ml_engines(name: str) -> None:
    assert catalogue.legacy_machine(name) is None


@pytest.mark.parametrize(
    ("tier", "pools"),
    [
        ("BASIC", [(Role.CHIEF, 1, "standard")]),
        (
            "STANDARD_1",
            [
                (Role.CHIEF, 1, "complex_model_s"),
                (Role.WORKER, 4, "complex_model_s"),
                (Role.PARAMETER_SERVER, 3, "standard"),
            ],
        ),
        (
            "PREMIUM_1",
            [
                (Role.CHIEF, 1, "complex_model_m"),
                (Role.WORKER, 19, "complex_model_m"),
                (Role.PARAMETER_SERVER, 11, "large_model"),
            ],
        ),
        ("BASIC_GPU", [(Role.CHIEF, 1, "standard_gpu")]),
        ("BASIC_TPU", [(Role.CHIEF, 1, "standard"), (Role.WORKER, 1, "cloud_tpu")]),
        ("CUSTOM", []),
        ("basic", []),
        ("TINY", []),
    ],
)
def test_a_scale_tier_is_pools_of_those_machines(tier: str, pools: list[tuple[Role, int, str]]) -> None:
    assert [(pool.role, pool.replicas, pool.machine.legacy_name) for pool in catalogue.scale_tier(tier)] == pools


def test_custom_is_a_tier_too() -> None:
    assert catalogue.scale_tier_names() == ("BASIC", "STANDARD_1", "PREMIUM_1", "BASIC_GPU", "BASIC_TPU", "CUSTOM")
