from __future__ import annotations

from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud.aiplatform_v1 import JobServiceClient, PipelineServiceClient, PipelineState

from tests.emulator.services.conftest import IMAGE, PACKAGE, PARENT, Emulator, over_rest
from tests.project import wait_until

TASK = "gs://google-cloud-aiplatform/schema/trainingjob/definition/custom_task_1.0.0.yaml"


def pipeline(source: str, **more: Any) -> dict[str, Any]:
    python = {"executorImageUri": IMAGE, "packageUris": [PACKAGE], "pythonModule": "trainer.task", "args": [source]}
    pool = {"machineSpec": {"machineType": "n1-standard-4"}, "replicaCount": 1, "pythonPackageSpec": python}
    inputs = {"workerPoolSpecs": [pool], "baseOutputDirectory": {"output_uri_prefix": "gs://stage/out"}}
    return {"display_name": "piped", "training_task_definition": TASK, "training_task_inputs": inputs, **more}


@pytest.fixture
def client(emulator: Emulator) -> Any:
    return over_rest(PipelineServiceClient, emulator)


def ended(client: Any, name: str) -> Any:
    wait_until(lambda: client.get_training_pipeline(name=name).end_time is not None)
    return client.get_training_pipeline(name=name)


def test_a_pipeline_runs_a_custom_job(client: Any, emulator: Emulator) -> None:
    source = "import os; assert os.environ['AIP_MODEL_DIR'] == 'gs://stage/out/model/', os.environ['AIP_MODEL_DIR']"
    made = client.create_training_pipeline(parent=PARENT, training_pipeline=pipeline(source))
    done = ended(client, made.name)
    assert done.state == PipelineState.PIPELINE_STATE_SUCCEEDED, done.error
    backing = done.training_task_metadata["backingCustomJob"]
    jobs = over_rest(JobServiceClient, emulator)
    assert [job.name for job in jobs.list_custom_jobs(parent=PARENT)] == [backing]
    assert [found.display_name for found in client.list_training_pipelines(parent=PARENT)] == ["piped"]
    client.delete_training_pipeline(name=made.name).result(timeout=10)
    with pytest.raises(exceptions.NotFound):
        client.get_training_pipeline(name=made.name)
    assert list(jobs.list_custom_jobs(parent=PARENT)) == []


def test_a_pipeline_fails_with_its_job(client: Any) -> None:
    made = client.create_training_pipeline(parent=PARENT, training_pipeline=pipeline("raise SystemExit(3)"))
    done = ended(client, made.name)
    assert done.state == PipelineState.PIPELINE_STATE_FAILED
    assert done.error.message.startswith("The replica workerpool0-0 exited with a non-zero status of 3.")


def test_what_no_training_does_is_not_answered_with_success(client: Any) -> None:
    body = pipeline("", model_to_upload={"display_name": "model"})
    with pytest.raises(exceptions.MethodNotImplemented, match="model_to_upload"):
        client.create_training_pipeline(parent=PARENT, training_pipeline=body)
