from __future__ import annotations

import pytest

from submit.backends import vertex
from submit.job import Json, JsonObject
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
