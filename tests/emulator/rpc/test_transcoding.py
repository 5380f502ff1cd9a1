from __future__ import annotations

import json
from typing import Any

import pytest

from submit.emulator.rpc import RpcError, message_class
from submit.emulator.rpc.transcoding import merge_json, merge_parameters, to_json

V1 = "google.cloud.aiplatform.v1"


def read(data: Any, name: str = "CustomJob") -> Any:
    message = message_class(f"{V1}.{name}")()
    merge_json(message, json.dumps(data).encode(), "custom_job")
    return message


def listing(*parameters: tuple[str, str]) -> Any:
    message = message_class(f"{V1}.ListCustomJobsRequest")()
    merge_parameters(message, parameters)
    return message


@pytest.mark.parametrize("machine", ["machineSpec", "machine_spec"])
@pytest.mark.parametrize("accelerator", [5, "NVIDIA_TESLA_T4"])
@pytest.mark.parametrize("replicas", [2, "2"])
def test_every_spelling_of_clients_is_read(machine: str, accelerator: str | int, replicas: str | int) -> None:
    pool = {machine: {"acceleratorType": accelerator}, "replicaCount": replicas}
    spec = read({"jobSpec": {"workerPoolSpecs": [pool], "scheduling": {"timeout": "3.5s"}}}).job_spec
    assert spec.worker_pool_specs[0].machine_spec.accelerator_type == 5
    assert spec.worker_pool_specs[0].replica_count == 2
    assert spec.scheduling.timeout.ToJsonString() == "3.500s"


def test_enums_are_answered_as_they_are_asked_for() -> None:
    message = read({"state": "JOB_STATE_RUNNING"})
    assert to_json(message) == {"state": "JOB_STATE_RUNNING"}
    assert to_json(message, enums_as_numbers=True) == {"state": 3}


@pytest.mark.parametrize(
    ("given", "answered"),
    [
        ("2026-11-21T05:52:38Z", "2026-11-21T05:52:38.000000000Z"),
        ("2026-11-21T05:52:38.100Z", "2026-11-21T05:52:38.100000000Z"),
        ("2026-11-21T05:52:38.123456789Z", "2026-11-21T05:52:38.123456789Z"),
    ],
)
def test_times_have_nine_digits(given: str, answered: str) -> None:
    assert to_json(read({"createTime": given})) == {"createTime": answered}
    nested = message_class(f"{V1}.ListCustomJobsResponse")(custom_jobs=[read({"createTime": given})])
    assert to_json(nested) == {"customJobs": [{"createTime": answered}]}


def test_every_unknown_name_is_reported_with_its_place() -> None:
    with pytest.raises(RpcError) as caught:
        read({"x": 1, "jobSpec": {"workerPoolSpecs": [{}, {"replic": 1}]}})
    place = "custom_job.job_spec.worker_pool_specs[1]"
    assert caught.value.message.splitlines() == [
        "Invalid JSON payload received. Unknown name \"x\" at 'custom_job': Cannot find field.",
        f"Invalid JSON payload received. Unknown name \"replic\" at '{place}': Cannot find field.",
    ]
    (detail,) = caught.value.to_json()["error"]["details"]
    assert detail["@type"] == "type.googleapis.com/google.rpc.BadRequest"
    assert [violation["field"] for violation in detail["fieldViolations"]] == ["custom_job", place]


def test_free_json_has_no_unknown_names() -> None:
    inputs = {"workerPoolSpecs": [{"anything": None}]}
    assert to_json(read({"trainingTaskInputs": inputs}, "TrainingPipeline")) == {"trainingTaskInputs": inputs}


HALF_A_PAIR = (b'{"displayName": "\\ud800"}', b'{"displayName": "\xed\xa0\x80"}', b'{"\\udfff": 1}')
NO_NUMBERS = (b'{"displayName": NaN}', b'{"displayName": -Infinity}')


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff", b'{"jobSpec": 1}', b"[" * 100_000, *HALF_A_PAIR, *NO_NUMBERS])
def test_what_is_no_message_is_refused(body: bytes) -> None:
    with pytest.raises(RpcError) as caught:
        merge_json(message_class(f"{V1}.CustomJob")(), body)
    assert caught.value.code == "INVALID_ARGUMENT"


def test_parameters_may_be_camel_case_or_snake_case_and_plain_text() -> None:
    for size, mask in (("pageSize", "readMask"), ("page_size", "read_mask")):
        message = listing((size, "3"), (mask, "name,displayName"), ("$alt", "json;enum-encoding=int"), ("alt", "json"))
        assert message.page_size == 3
        assert list(message.read_mask.paths) == ["name", "display_name"]


def test_parameters_may_be_dotted_and_repeated() -> None:
    message = message_class("google.logging.v2.ListLogEntriesRequest")()
    merge_parameters(message, [("resourceNames", "projects/a"), ("resourceNames", "projects/b")])
    assert list(message.resource_names) == ["projects/a", "projects/b"]
    created = message_class(f"{V1}.CreateCustomJobRequest")()
    merge_parameters(created, [("customJob.displayName", "x")])
    assert created.custom_job.display_name == "x"


@pytest.mark.parametrize(
    "parameter", [("pageSize", "many"), ("pageSize", "9" * 40), ("colour", "red"), ("filter.x", "y")]
)
def test_a_bad_parameter_is_refused(parameter: tuple[str, str]) -> None:
    with pytest.raises(RpcError) as caught:
        listing(parameter)
    assert caught.value.code == "INVALID_ARGUMENT"
    assert parameter[0] in caught.value.message


@pytest.mark.parametrize("number", [b"1" + b"0" * 400, b"[" * 900 + b"1" + b"]" * 900])
def test_what_no_struct_can_hold_is_refused(number: bytes) -> None:
    with pytest.raises(RpcError) as caught:
        merge_json(message_class(f"{V1}.TrainingPipeline")(), b'{"trainingTaskInputs": {"a": ' + number + b"}}")
    assert caught.value.code == "INVALID_ARGUMENT"


def test_what_json_cannot_say_is_refused() -> None:
    pipeline = message_class(f"{V1}.TrainingPipeline")()
    pipeline.training_task_inputs.struct_value["a"] = float("inf")
    with pytest.raises(RpcError) as caught:
        to_json(pipeline)
    assert caught.value.code == "INVALID_ARGUMENT"


def test_an_any_without_its_value_is_refused() -> None:
    with pytest.raises(RpcError) as caught:
        read({"error": {"details": [{"@type": "type.googleapis.com/google.protobuf.Duration"}]}}, "CustomJob")
    assert caught.value.code == "INVALID_ARGUMENT"
