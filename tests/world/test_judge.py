from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest

from submit.backends import vertex
from submit.job import Json, JsonObject, Scheduling, Strategy
from submit.steps import Call
from submit.world import judge
from tests.backends.examples import CONFIGS, example, steps_of


def creation(job: Json, kind: str = "customJobs", field: str = "customJob") -> Call:
    request: JsonObject = {"parent": "projects/p/locations/r", field: job}
    return Call(api="aiplatform", method=f"projects.locations.{kind}.create", request=request)


@pytest.mark.parametrize("name", CONFIGS)
def test_every_request_of_ours_is_taken(name: str) -> None:
    creating = [step for step in steps_of(vertex, example(name)) if isinstance(step, Call) and step.api == "aiplatform"]
    assert [judge.problem(call) for call in creating] == [None]


@pytest.mark.parametrize("name", ["cpu", "tuning"])
def test_what_stands_beside_the_machines_is_sent_and_taken(name: str) -> None:
    spec = replace(
        example(name),
        network="projects/1/global/networks/n",
        service_account="a@p.iam.gserviceaccount.com",
        kms_key="projects/p/locations/r/keyRings/k/cryptoKeys/c",
        labels={"team": "vision"},
        web_access=True,
        persistent_resource="mine",
        scheduling=Scheduling(
            timeout_s=1.5,
            max_wait_s=60,
            strategy=Strategy.FLEX_START,
            restart_on_worker_restart=True,
            disable_retries=True,
        ),
    )
    call = steps_of(vertex, spec)[-1]
    assert isinstance(call, Call)
    assert judge.problem(call) is None
    job = cast(JsonObject, call.request["customJob" if name == "cpu" else "hyperparameterTuningJob"])
    inner = cast(JsonObject, job["jobSpec" if name == "cpu" else "trialJobSpec"])
    assert job["encryptionSpec"] == {"kmsKeyName": spec.kms_key}
    assert cast(JsonObject, job["labels"])["team"] == "vision"
    assert {key: inner[key] for key in ("network", "serviceAccount", "enableWebAccess", "persistentResourceId")} == {
        "network": spec.network,
        "serviceAccount": spec.service_account,
        "enableWebAccess": True,
        "persistentResourceId": "mine",
    }
    assert inner["scheduling"] == {
        "timeout": "1.5s",
        "strategy": "FLEX_START",
        "maxWaitDuration": "60s",
        "restartJobOnWorkerRestart": True,
        "disableRetries": True,
    }


@pytest.mark.parametrize(
    ("job", "words"),
    [
        ({"displayname": "x"}, "displayname"),
        ({"jobSpec": {"workerPoolSpecs": [{"replicas": 1}]}}, "replicas"),
        ({"jobSpec": {"workerPoolSpecs": [{"machineSpec": {"acceleratorType": "NVIDIA_T5"}}]}}, "NVIDIA_T5"),
        ({"jobSpec": {"scheduling": {"timeout": "soon"}}}, "soon"),
    ],
)
def test_what_googles_types_do_not_know_is_named(job: Json, words: str) -> None:
    found = judge.problem(creation(job))
    assert found is not None
    assert words in found.message
    assert "google-cloud-aiplatform" in found.hint


def test_tuning_has_a_type_of_its_own() -> None:
    kind, field = "hyperparameterTuningJobs", "hyperparameterTuningJob"
    assert judge.problem(creation({"maxTrialCount": 3}, kind, field)) is None
    assert judge.problem(creation({"trials": 3}, kind, field)) is not None


def test_other_calls_are_not_judged() -> None:
    assert judge.problem(Call(api="storage", method="buckets.get", request={"bucket": "b", "x": 1})) is None
