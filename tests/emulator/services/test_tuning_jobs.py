from __future__ import annotations

from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud.aiplatform_v1 import JobServiceClient, JobState
from google.cloud.aiplatform_v1.types import Trial

from tests.emulator.services.conftest import PARENT, Emulator, custom_job, over_rest
from tests.project import wait_until

REPORT = """
import json, os, sys
rate = dict(zip(sys.argv[1::2], sys.argv[2::2]))["--rate"]
path = os.environ["CLOUD_ML_HP_METRIC_FILE"]
os.makedirs(os.path.dirname(path), exist_ok=True)
open(path, "w").write(json.dumps({"trial": os.environ["CLOUD_ML_TRIAL_ID"], "accuracy": rate, "global_step": "1"}))
"""


def tuning_job(**more: Any) -> dict[str, Any]:
    parameter = {"parameter_id": "rate", "discrete_value_spec": {"values": [0.25, 0.5]}}
    metric = {"metric_id": "accuracy", "goal": "MAXIMIZE"}
    return {
        "display_name": "tuned",
        "max_trial_count": 2,
        "parallel_trial_count": 2,
        "study_spec": {"metrics": [metric], "parameters": [parameter], "algorithm": "GRID_SEARCH"},
        "trial_job_spec": custom_job(REPORT)["job_spec"],
        **more,
    }


@pytest.fixture
def client(emulator: Emulator) -> Any:
    return over_rest(JobServiceClient, emulator)


def test_every_trial_runs_and_reports_its_metric(client: Any) -> None:
    name = client.create_hyperparameter_tuning_job(parent=PARENT, hyperparameter_tuning_job=tuning_job()).name
    wait_until(lambda: client.get_hyperparameter_tuning_job(name=name).end_time is not None)
    job = client.get_hyperparameter_tuning_job(name=name)
    assert job.state == JobState.JOB_STATE_SUCCEEDED
    assert [(trial.id, trial.state) for trial in job.trials] == [
        ("1", Trial.State.SUCCEEDED),
        ("2", Trial.State.SUCCEEDED),
    ]
    measured = {trial.parameters[0].value: trial.final_measurement.metrics[0].value for trial in job.trials}
    assert measured == {0.25: 0.25, 0.5: 0.5}
    assert [job.name for job in client.list_hyperparameter_tuning_jobs(parent=PARENT)] == [name]
    assert list(client.list_custom_jobs(parent=PARENT)) == []


def test_a_study_without_trials_is_refused(client: Any) -> None:
    with pytest.raises(exceptions.BadRequest, match="max_trial_count; Message: Required field is not set"):
        client.create_hyperparameter_tuning_job(parent=PARENT, hyperparameter_tuning_job=tuning_job(max_trial_count=0))
