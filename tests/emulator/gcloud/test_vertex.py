"""`gcloud ai`, whose jobs really run."""

from __future__ import annotations

import json
from typing import Any

from tests.emulator.gcloud.conftest import IMAGE, VERTEX_ENDED, WHEEL, Gcloud, messages, worker_pool
from tests.project import wait_until

REPORT = """
import json, os, sys
value = float(sys.argv[sys.argv.index("--lr") + 1])
line = {"timestamp": 1, "trial": os.environ["CLOUD_ML_TRIAL_ID"], "accuracy": str(value), "global_step": "1"}
open(os.environ["CLOUD_ML_HP_METRIC_FILE"], "w").write(json.dumps(line) + "\\n")
"""


def ended(gcloud: Gcloud, name: str) -> Any:
    wait_until(lambda: gcloud.ask(f"/v1/{name}")["state"] in VERTEX_ENDED, timeout=60)
    return gcloud.ask(f"/v1/{name}")


def test_a_custom_job_from_a_config_is_followed_from_before_its_start_to_its_end(gcloud: Gcloud) -> None:
    source = "import sys, time; time.sleep(5); print('trained'); print('W0101 00:00:00 careful', file=sys.stderr)"
    job = gcloud.custom_job("followed", source)
    streamed = gcloud("ai", "custom-jobs", "stream-logs", job, "--polling-interval", "1")

    said = [line.split("\t") for line in streamed.out.splitlines() if line.count("\t") >= 3]
    own = [(severity, text) for severity, _, task, text in said if task == "workerpool0-0"]
    file = WHEEL.rpartition("/")[2]
    assert own[0][1] == "Running run_module.py"
    assert own[1][1].startswith('Running task with arguments: --cluster={"chief": ["127.0.0.1:')
    assert [text for _, text in own[2:7]] == [
        f"Downloading the package: {WHEEL}",
        f"Running command: gsutil -q cp {WHEEL} {file}",
        f"Installing the package: {WHEEL}",
        f"Running command: pip3 install --user --upgrade --force-reinstall --no-deps {file}",
        f"Running command: pip3 install --user {file}",
    ]
    assert own[7][1].startswith("Running command: python3 -m trainer.task import sys")
    assert set(own[8:10]) == {("INFO", "trained"), ("WARNING", "W0101 00:00:00 careful")}
    assert [text for _, text in own[10:]] == [
        "Module completed; cleaning up.",
        "Clean up finished.",
        "Task completed successfully.",
    ]
    service = [(severity, text) for severity, _, task, text in said if task == "service"]
    assert {severity for severity, _ in service} == {"INFO"}
    assert service[1][1].startswith("Vertex AI is provisioning job running framework. First time usage might take")
    assert [text for _, text in (service[0], *service[2:])] == [
        "Waiting for job to be provisioned.",
        "Vertex AI is setting up this job.",
        "Waiting for training program to start.",
        "Job is preparing.",
        "Job is running.",
        "Finished tearing down training program.",
        "Job completed successfully.",
    ]
    described = gcloud.json("ai", "custom-jobs", "describe", job)
    assert (described["state"], described["displayName"]) == ("JOB_STATE_SUCCEEDED", "followed")
    read = gcloud.json("logging", "read", f'resource.labels.job_id="{job.rpartition("/")[2]}"', "--order", "asc")
    assert [entry.get("textPayload") or entry["jsonPayload"]["message"] for entry in read] == messages(streamed.out)


def test_a_custom_job_from_flags_runs_on_a_persistent_resource(gcloud: Gcloud) -> None:
    pool = "--resource-pool-spec=machine-type=n1-standard-4,replica-count=1"
    gcloud("ai", "persistent-resources", "create", "--persistent-resource-id=kept", "--display-name=kept", pool)
    (kept,) = gcloud.json("ai", "persistent-resources", "list")
    assert (kept["name"].rpartition("/")[2], kept["state"]) == ("kept", "RUNNING")

    spec = f"--worker-pool-spec=machine-type=n1-standard-4,replica-count=1,executor-image-uri={IMAGE}"
    created = gcloud.json(
        *("ai", "custom-jobs", "create", "--display-name=flags", f"{spec},python-module=trainer.task"),
        *(f"--python-package-uris={WHEEL}", "--args=print(6*7)", "--labels=team=a", "--persistent-resource-id=kept"),
    )
    assert (created["labels"], created["jobSpec"]["persistentResourceId"]) == ({"team": "a"}, "kept")
    assert ended(gcloud, created["name"])["state"] == "JOB_STATE_SUCCEEDED"
    listed = gcloud.json("ai", "custom-jobs", "list", "--filter", "labels.team=a")
    assert [job["name"] for job in listed] == [created["name"]]

    gcloud("ai", "persistent-resources", "delete", "kept")
    assert gcloud.json("ai", "persistent-resources", "list") == []


def test_a_custom_job_is_cancelled(gcloud: Gcloud) -> None:
    job = gcloud.custom_job("slow", "import time; time.sleep(600)")
    gcloud("ai", "custom-jobs", "cancel", job)
    assert ended(gcloud, job)["state"] == "JOB_STATE_CANCELLED"


def test_a_study_is_tried_followed_and_listed_and_another_cancelled(gcloud: Gcloud) -> None:
    study = {
        "metrics": [{"metricId": "accuracy", "goal": "MAXIMIZE"}],
        "parameters": [{"parameterId": "lr", "doubleValueSpec": {"minValue": 0.1, "maxValue": 1}}],
    }
    create = ("ai", "hp-tuning-jobs", "create", "--max-trial-count=2", "--parallel-trial-count=2")
    jobs = []
    for name, source in (("study", REPORT), ("endless", "import time; time.sleep(600)")):
        spec = {"studySpec": study, "trialJobSpec": {"workerPoolSpecs": [worker_pool(source)]}}
        (gcloud.project.folder / f"{name}.json").write_text(json.dumps(spec))
        jobs.append(gcloud.json(*create, f"--display-name={name}", f"--config={name}.json")["name"])
    streamed = gcloud.meanwhile("ai", "hp-tuning-jobs", "stream-logs", jobs[0], "--polling-interval", "1")
    gcloud("ai", "hp-tuning-jobs", "cancel", jobs[1])
    assert ended(gcloud, jobs[1])["state"] == "JOB_STATE_CANCELLED"

    assert messages(streamed.result().out)[-1] == "Job completed successfully."
    described = gcloud.json("ai", "hp-tuning-jobs", "describe", jobs[0])
    assert described["state"] == "JOB_STATE_SUCCEEDED"
    for trial in described["trials"]:
        (parameter,), (metric,) = trial["parameters"], trial["finalMeasurement"]["metrics"]
        assert (trial["state"], metric["value"]) == ("SUCCEEDED", parameter["value"])
    listed = gcloud.json("ai", "hp-tuning-jobs", "list")
    assert [job["name"] for job in listed] == jobs[::-1]


def test_what_the_service_refuses_is_said_in_its_words(gcloud: Gcloud) -> None:
    pool = worker_pool("")
    pool["machineSpec"] |= {"acceleratorType": "NVIDIA_TESLA_K80", "acceleratorCount": 9, "acceleratorTyp": "x"}
    (gcloud.project.folder / "wrong.json").write_text(json.dumps({"workerPoolSpecs": [pool]}))
    create = ("ai", "custom-jobs", "create", "--display-name=wrong", "--config=wrong.json")
    unknown = "Unknown name \"acceleratorTyp\" at 'custom_job.job_spec.worker_pool_specs[0].machine_spec'"
    refused = gcloud.meanwhile(*create, code=1)

    gcloud("storage", "buckets", "create", "gs://far-away", "--location", "us")
    output = {"baseOutputDirectory": {"outputUriPrefix": "gs://far-away/out"}}
    (gcloud.project.folder / "far.json").write_text(json.dumps({"workerPoolSpecs": [worker_pool("")], **output}))
    far = gcloud("ai", "custom-jobs", "create", "--display-name=far", "--config=far.json", code=1)
    assert (
        "FAILED_PRECONDITION: The Cloud Storage bucket of `gs://far-away/out` is in location `us`. "
        "It must be in the same regional location as the service location `us-central1`." in far.err
    )
    assert unknown in refused.result().err.replace("\\", "")
