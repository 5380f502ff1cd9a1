from __future__ import annotations

import pytest

from submit import catalogue
from submit.suggest import nearest


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("NVIDIA_TESLA_T5", "NVIDIA_TESLA_T4"),
        ("NVIDIA_TESLA_T4", "NVIDIA_TESLA_T4"),
        ("nvidia-tesla-t4", "NVIDIA_TESLA_T4"),
        ("Nvidia Tesla V100", "NVIDIA_TESLA_V100"),
        ("NVIDIA_T4", "NVIDIA_TESLA_T4"),
        ("t4", "NVIDIA_TESLA_T4"),
        ("A100", "NVIDIA_TESLA_A100"),
        ("L4", "NVIDIA_L4"),
        ("toaster", None),
        ("", None),
    ],
)
def test_an_accelerator_is_suggested(word: str, meant: str | None) -> None:
    assert nearest(word, catalogue.accelerator_names()) == meant


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("masterTyp", "masterType"),
        ("master_type", "masterType"),
        ("workercount", "workerCount"),
        ("argz", "args"),
        ("parameterServer", "parameterServerType"),
        ("zzz", None),
    ],
)
def test_a_key_is_suggested(word: str, meant: str | None) -> None:
    keys = ["args", "masterType", "parameterServerCount", "parameterServerType", "workerCount", "workerType"]
    assert nearest(word, keys) == meant


def test_a_machine_and_a_region_are_suggested() -> None:
    assert nearest("n1-standard8", catalogue.machine_names()) == "n1-standard-8"
    assert nearest("us-centrall", catalogue.regions()) == "us-central1"
    assert nearest("standard-gpu", catalogue.legacy_machine_names()) == "standard_gpu"


def test_a_last_part_that_several_choices_share_suggests_none_of_them() -> None:
    assert nearest("gpu", ["basic_gpu_machine_of_old", "very_large_gpu", "extremely_large_gpu"]) is None


def test_there_is_nothing_near_among_no_choices() -> None:
    assert nearest("args", []) is None


def test_the_first_of_two_spellings_wins() -> None:
    assert nearest("MASTER-TYPE", iter(["masterType", "master_type"])) == "masterType"


def test_a_word_of_a_megabyte_is_like_nothing() -> None:
    assert nearest("args" * 250_000, ["args"]) is None
