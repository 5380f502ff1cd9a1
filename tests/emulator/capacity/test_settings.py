from __future__ import annotations

from typing import Any

import pytest

from submit.emulator.capacity.metrics import metric_named
from submit.emulator.capacity.settings import Settings, SettingsError

T4, CPUS = "custom_model_training_nvidia_t4_gpus", "custom_model_training_cpus"


def refusal(change: Any) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        Settings().changed(change)
    return str(caught.value).splitlines()


@pytest.mark.parametrize(
    ("word", "metric"),
    [
        ("NVIDIA_TESLA_T4", "nvidia_t4_gpus"),
        ("NVIDIA_A100_80GB", "nvidia_a100_80gb_gpus"),
        ("NVIDIA_H100_80GB", "nvidia_h100_gpus"),
        ("NVIDIA_H200_141GB", "nvidia_h200_gpus"),
        ("TPU_V3", "tpu_v3"),
        ("cpus", "cpus"),
        ("preemptible_nvidia_l4_gpus", "preemptible_nvidia_l4_gpus"),
        ("custom_model_training_cpus", "cpus"),
    ],
)
def test_quotas_have_the_names_of_the_services_metrics(word: str, metric: str) -> None:
    assert metric_named(word) == f"custom_model_training_{metric}"


def test_a_change_adds_to_what_there_is_and_null_takes_away() -> None:
    first = Settings().changed({"quotas": {"us-central1": {"NVIDIA_TESLA_T4": 4, "cpus": 96}, "*": {"cpus": 8}}})
    assert first.quota("us-central1", CPUS) == 96
    assert first.quota("us-east1", CPUS) == 8
    second = first.changed({"quotas": {"us-central1": {"cpus": None}, "*": None}, "preemptAfter": 30})
    assert second.to_json() == {
        "quotas": {"us-central1": {T4: 4}},
        "stockOuts": {},
        "preemptAfter": 30,
        "realistic": 0.0,
        "retiredAccelerators": "accept",
    }
    assert second.changed({"quotas": None}).quotas == {}


def test_what_is_kept_is_read_again() -> None:
    change = {"stockOuts": {"*": {"NVIDIA_L4": "refuse"}}, "realistic": 2, "preemptAfter": 1.5}
    kept = Settings().changed(Settings().changed(change).kept())
    assert kept.stock_out("us-east1", "NVIDIA_L4") == "refuse"
    assert (kept.preempt_after_s, kept.realistic) == (1.5, 0.0)


def test_everything_that_is_wrong_is_said_at_once() -> None:
    assert refusal(
        {
            "quota": {},
            "quotas": {"us-centrall1": {"NVIDIA_TESLA_T5": 1, "cpus": -1}},
            "stockOuts": {"*": {"huge": "fail", "NVIDIA_L4": "gone"}},
            "preemptAfter": "soon",
            "retiredAccelerators": "perhaps",
        }
    ) == [
        "`quota` is not a key of the capacity: quotas, stockOuts, preemptAfter, realistic, retiredAccelerators",
        "`us-centrall1` is not a region; did you mean `us-central1`?",
        "quotas.us-centrall1: `NVIDIA_TESLA_T5` is neither an accelerator nor a quota; e.g. `cpus`, `NVIDIA_TESLA_T4`",
        "quotas.us-centrall1.cpus: `-1` is not a whole number from 0 on",
        "stockOuts.*: `huge` is neither an accelerator nor a machine type",
        "stockOuts.*.NVIDIA_L4: `gone` is not possible: fail, refuse",
        "preemptAfter: `soon` is not a number from 0 on",
        "retiredAccelerators: `perhaps` is not possible: accept, refuse",
    ]


@pytest.mark.parametrize("change", [[], "x", {"quotas": []}, {"quotas": {"us-east1": 4}}, {"stockOuts": "all"}])
def test_what_has_another_form_is_refused(change: Any) -> None:
    assert refusal(change)
