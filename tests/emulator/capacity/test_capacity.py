"""A cloud with limits, as Google's clients see it; the jobs really run."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.cloud.aiplatform_v1 import JobServiceClient, JobState
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError

from submit.emulator.capacity.keeper import Keeper
from tests.emulator.services.conftest import PACKAGE, PARENT, Emulator, custom_job, over_rest
from tests.emulator.services.conftest import emulator as emulator  # a fixture
from tests.project import wait_until

QUEUED, PENDING, RUNNING = JobState.JOB_STATE_QUEUED, JobState.JOB_STATE_PENDING, JobState.JOB_STATE_RUNNING
SUCCEEDED, FAILED = JobState.JOB_STATE_SUCCEEDED, JobState.JOB_STATE_FAILED
WAIT = "import time; time.sleep(60)"
NO_ROOM = "Resources are insufficient in region: {}. Try a different region or use a different accelerator."


@pytest.fixture
def client(emulator: Emulator) -> Any:
    return over_rest(JobServiceClient, emulator)


@pytest.fixture
def ml(emulator: Emulator) -> Iterator[Any]:
    credentials = AnonymousCredentials()  # type: ignore[no-untyped-call]
    with build("ml", "v1", credentials=credentials, client_options={"api_endpoint": emulator.url}) as made:
        yield made.projects().jobs()


def with_t4(source: str, count: int = 1, **scheduling: Any) -> dict[str, Any]:
    body = custom_job(source)
    machine = {"machine_type": "n1-standard-4", "accelerator_type": "NVIDIA_TESLA_T4", "accelerator_count": count}
    body["job_spec"]["worker_pool_specs"][0]["machine_spec"] = machine
    body["job_spec"]["scheduling"] = scheduling
    return body


def create(client: Any, body: dict[str, Any]) -> str:
    return str(client.create_custom_job(parent=PARENT, custom_job=body).name)


def state(client: Any, name: str) -> Any:
    return client.get_custom_job(name=name).state


def reaches(client: Any, name: str, *states: Any) -> Any:
    wait_until(lambda: state(client, name) in states, timeout=40)
    return client.get_custom_job(name=name)


def limit(capacity: Keeper, **quotas: int) -> None:
    capacity.change({"quotas": {"us-central1": quotas}})


def test_a_job_that_needs_more_than_the_quota_is_refused_with_the_metrics(client: Any, emulator: Emulator) -> None:
    limit(emulator.capacity, NVIDIA_TESLA_T4=1, cpus=2)
    with pytest.raises(exceptions.TooManyRequests) as caught:
        create(client, with_t4("", count=2))
    assert caught.value.message.endswith(
        "The following quota metrics exceed quota limits: aiplatform.googleapis.com/custom_model_training_cpus,"
        "aiplatform.googleapis.com/custom_model_training_nvidia_t4_gpus"
    )
    assert emulator.engine.list() == []
    other = client.create_custom_job(parent="projects/demo/locations/us-east1", custom_job=with_t4(""))
    assert other.name


def test_a_job_waits_until_there_is_room(client: Any, emulator: Emulator) -> None:
    limit(emulator.capacity, NVIDIA_TESLA_T4=1)
    first = create(client, with_t4(WAIT))
    second, third = create(client, with_t4(WAIT)), create(client, with_t4(""))
    reaches(client, first, RUNNING)
    assert reaches(client, create(client, custom_job("")), SUCCEEDED), "a job without accelerators has room"
    assert (state(client, second), state(client, third)) == (QUEUED, QUEUED)
    assert emulator.capacity.usage()["us-central1"]["custom_model_training_nvidia_t4_gpus"] == 1
    client.cancel_custom_job(name=first)
    reaches(client, second, RUNNING)
    assert state(client, third) == QUEUED, "who came first is first"
    limit(emulator.capacity, NVIDIA_TESLA_T4=2)
    assert reaches(client, third, SUCCEEDED)


def test_a_job_that_waits_for_room_can_be_cancelled(client: Any, emulator: Emulator) -> None:
    limit(emulator.capacity, cpus=4)
    first, second = create(client, custom_job(WAIT)), create(client, custom_job(""))
    client.cancel_custom_job(name=second)
    assert state(client, second) == JobState.JOB_STATE_CANCELLED
    reaches(client, first, RUNNING)


def test_spot_machines_have_quotas_of_their_own(client: Any, emulator: Emulator) -> None:
    limit(emulator.capacity, NVIDIA_TESLA_T4=0, preemptible_nvidia_t4_gpus=1)
    with pytest.raises(exceptions.TooManyRequests):
        create(client, with_t4(""))
    reaches(client, create(client, with_t4("", strategy="SPOT")), SUCCEEDED)


def test_all_replicas_and_all_trials_at_once_count(client: Any, ml: Any, emulator: Emulator) -> None:
    limit(emulator.capacity, cpus=11)
    body = custom_job("")
    (pool,) = body["job_spec"]["worker_pool_specs"]
    body["job_spec"]["worker_pool_specs"].append({**pool, "replica_count": 2})
    with pytest.raises(exceptions.TooManyRequests):
        create(client, body)
    parameter = {"parameter_id": "x", "integer_value_spec": {"min_value": 1, "max_value": 3}}
    metric = {"metric_id": "loss", "goal": "MINIMIZE"}
    study = {"metrics": [metric], "parameters": [parameter]}
    tuning = {"display_name": "t", "max_trial_count": 3, "parallel_trial_count": 3, "study_spec": study}
    with pytest.raises(exceptions.TooManyRequests):
        client.create_hyperparameter_tuning_job(
            parent=PARENT, hyperparameter_tuning_job={**tuning, "trial_job_spec": custom_job("")["job_spec"]}
        )
    with pytest.raises(HttpError, match="custom_model_training_cpus") as caught:
        ml.create(parent="projects/demo", body=ml_job("wide", region="us-central1", scaleTier="STANDARD_1")).execute()
    assert caught.value.status_code == 429


def ml_job(job_id: str, source: str = "", **more: Any) -> dict[str, Any]:
    common = {"region": "us-east1", "packageUris": [PACKAGE], "pythonModule": "trainer.task", "args": [source]}
    return {"jobId": job_id, "trainingInput": {**common, "runtimeVersion": "1.9", "pythonVersion": "3.5", **more}}


def test_a_stock_out_fails_the_job_with_the_services_words_on_both_apis(
    client: Any, ml: Any, emulator: Emulator
) -> None:
    emulator.capacity.change({"stockOuts": {"*": {"NVIDIA_TESLA_T4": "fail", "NVIDIA_TESLA_K80": "fail"}}})
    job = reaches(client, create(client, with_t4("")), FAILED)
    assert job.error.message == NO_ROOM.format("us-central1")
    ml.create(parent="projects/demo", body=ml_job("none", scaleTier="CUSTOM", masterType="standard_gpu")).execute()
    get = ml.get(name="projects/demo/jobs/none")
    wait_until(lambda: get.execute()["state"] == "FAILED")
    assert get.execute()["errorMessage"] == NO_ROOM.format("us-east1")


def test_a_stock_out_may_refuse_jobs(client: Any, emulator: Emulator) -> None:
    emulator.capacity.change({"stockOuts": {"us-central1": {"NVIDIA_TESLA_T4": "refuse"}}})
    with pytest.raises(exceptions.TooManyRequests, match="Resources are insufficient in region: us-central1"):
        create(client, with_t4(""))
    emulator.capacity.change({"stockOuts": None})
    reaches(client, create(client, with_t4("")), SUCCEEDED)


def test_spot_machines_are_taken_away_until_the_job_has_failed_of_it(client: Any, emulator: Emulator) -> None:
    emulator.capacity.change({"preemptAfter": 0.05})
    spot = create(client, with_t4(WAIT, strategy="SPOT"))
    kept = create(client, custom_job(WAIT))
    job = reaches(client, spot, FAILED)
    assert "preempted, after it had been restarted 6 times" in job.error.message
    assert state(client, kept) == RUNNING


def test_provisioning_takes_its_time_if_it_is_to(client: Any, ml: Any, emulator: Emulator) -> None:
    emulator.capacity.change({"realistic": 0.01})
    begin = time.monotonic()
    created = client.create_custom_job(parent=PARENT, custom_job=custom_job(""))
    assert created.state == QUEUED
    reaches(client, created.name, PENDING)
    assert reaches(client, created.name, SUCCEEDED)
    assert time.monotonic() - begin > 2.7  # a hundredth of 10 s and 264 s
    seen = {ml.create(parent="projects/demo", body=ml_job("old")).execute()["state"]}
    get = ml.get(name="projects/demo/jobs/old")

    def has_ended() -> bool:
        seen.add(get.execute()["state"])
        return "SUCCEEDED" in seen

    wait_until(has_ended, timeout=40)
    assert {"QUEUED", "PREPARING"} <= seen


def test_a_job_on_retired_accelerators_runs_with_a_warning_or_is_refused(
    client: Any, ml: Any, emulator: Emulator
) -> None:
    body = ml_job("k80", scaleTier="CUSTOM", masterType="standard_gpu")
    ml.create(parent="projects/demo", body=body).execute()
    log = emulator.engine.read_log("ml-k80", 0)["data"]
    assert "The accelerator NVIDIA_TESLA_K80 is not available any more (support for the NVIDIA K80 ended" in str(log)
    emulator.capacity.change({"retiredAccelerators": "refuse"})
    with pytest.raises(HttpError, match=r"NVIDIA_TESLA_K80.* is not supported for machine type") as caught:
        ml.create(parent="projects/demo", body={**body, "jobId": "again"}).execute()
    assert caught.value.status_code == 400
    create(client, with_t4(""))


def test_what_waits_is_looked_after_by_the_next_emulator(client: Any, emulator: Emulator) -> None:
    limit(emulator.capacity, cpus=4)
    first, second = create(client, custom_job(WAIT)), create(client, custom_job(""))
    reaches(client, first, RUNNING)
    emulator.capacity.close()
    again = Keeper(emulator.engine, emulator.data / "capacity.json")
    assert again.settings.quota("us-central1", "custom_model_training_cpus") == 4
    time.sleep(0.3)
    assert state(client, second) == QUEUED
    client.cancel_custom_job(name=first)
    reaches(client, second, SUCCEEDED)
    again.close()
