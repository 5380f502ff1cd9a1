"""The commands of ML Engine's users, whose jobs really run."""

from __future__ import annotations

import re

from tests.emulator.gcloud.conftest import BUCKET, WHEEL, Gcloud, messages
from tests.project import wait_until

SUBMIT = ("ml-engine", "jobs", "submit", "training")
RETIRED = (
    "The accelerator NVIDIA_TESLA_K80 is not available any more (support for the NVIDIA K80 ended on 2024-05-01); "
    "the emulator runs the job."
)
PYTHON = ("--runtime-version", "1.9", "--python-version", "3.5")


def test_a_folder_is_submitted_followed_and_described(gcloud: Gcloud) -> None:
    gcloud.project.trainer('print("arg", options.arg); sys.stderr.write("on stderr\\n")')
    gcloud.project.write("gpu.yaml", "trainingInput: {scaleTier: CUSTOM, masterType: standard_gpu}\n")
    where = ("--staging-bucket", BUCKET, "--job-dir", f"{BUCKET}/out", "--region", "us-central1")
    what = ("--module-name", "trainer.task", "--package-path", "trainer", "--config", "gpu.yaml", *PYTHON)
    followed = gcloud.meanwhile(*SUBMIT, "whole", *where, *what, "--stream-logs", "--", "--arg=42")
    failed = gcloud.meanwhile(
        *(*SUBMIT, "exits_3", "--packages", str(gcloud.wheel), *where, "--module-name", "trainer.task"),
        *("--stream-logs", "--", "raise SystemExit(3)"),
        code=1,
    )

    lines = [line.split("\t") for line in followed.result().err.splitlines() if line.count("\t") >= 4]
    said = [(severity, task, text) for severity, _, task, _, text in lines]
    (uri,) = (text.removeprefix("Downloading the package: ") for _, _, text in said if "Downloading" in text)
    archive = uri.rpartition("/")[2]
    own = [(severity, text) for severity, task, text in said if task == "master-replica-0"]
    assert own[0][1].startswith('Running task with arguments: --cluster={"master": ["127.0.0.1:')
    assert own[1:] == [
        ("INFO", "Running module trainer.task."),
        ("INFO", f"Downloading the package: {uri}"),
        ("INFO", f"Running command: gsutil -q cp {uri} {archive}"),
        ("INFO", f"Installing the package: {uri}"),
        ("INFO", f"Running command: pip3 install --user --upgrade --force-reinstall --no-deps {archive}"),
        ("INFO", f"Running command: pip3 install --user {archive}"),
        ("INFO", f"Running command: python3 -m trainer.task --arg=42 --job-dir {BUCKET}/out"),
        *sorted([("INFO", "arg 42"), ("ERROR", "on stderr")], key=own.index),
        ("INFO", "Module completed; cleaning up."),
        ("INFO", "Clean up finished."),
        ("INFO", "Task completed successfully."),
    ]
    assert [(severity, text) for severity, task, text in said if task == "service"] == [
        ("INFO", "Validating job requirements..."),
        ("INFO", "Job creation request has been successfully validated."),
        ("INFO", "Job whole is queued."),
        ("INFO", "Waiting for job to be provisioned."),
        ("WARNING", RETIRED),
        ("INFO", "Waiting for training program to start."),
        ("INFO", "Tearing down training program."),
        ("INFO", "Finished tearing down training program."),
        ("INFO", "Job completed successfully."),
    ]
    assert "state: SUCCEEDED" in followed.result().out

    job = gcloud.json("ml-engine", "jobs", "describe", "whole")
    assert (job["state"], job["trainingInput"]["masterType"]) == ("SUCCEEDED", "standard_gpu")
    for key in ("createTime", "startTime", "endTime"):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", job[key])
    assert float(job["trainingOutput"]["consumedMLUnits"]) >= 0
    assert "state: FAILED" in failed.result().out
    assert messages(failed.result().err)[-1] == "Job failed."


def test_a_job_is_labelled_listed_and_cancelled(gcloud: Gcloud) -> None:
    gcloud.ml_job("slow", "import time; time.sleep(600)")
    gcloud("ml-engine", "jobs", "update", "slow", "--update-labels", "team=a,stage=x")
    listed = gcloud.json("ml-engine", "jobs", "list", "--filter", "jobId=slow")
    assert [(job["jobId"], job["labels"]) for job in listed] == [("slow", {"team": "a", "stage": "x"})]
    gcloud("ml-engine", "jobs", "cancel", "slow")
    wait_until(lambda: "endTime" in gcloud.ask("/v1/projects/local-project/jobs/slow"))
    assert gcloud.json("ml-engine", "jobs", "describe", "slow")["state"] == "CANCELLED"
    gcloud("ml-engine", "jobs", "cancel", "slow")


def test_what_the_service_refuses_is_said_in_its_words(gcloud: Gcloud) -> None:
    submit = ("--packages", WHEEL, "--region", "us-central1", "--module-name", "trainer.task")
    gcloud.project.write("no_tier.yaml", "trainingInput: {masterType: standard_gpu}\n")
    no_tier = gcloud.meanwhile(*SUBMIT, "no_tier", *submit, "--config", "no_tier.yaml", code=1)
    rule = "Field: job_id Error: A name should start with a letter and contain only letters, numbers and underscores."
    assert rule in gcloud(*SUBMIT, "my-job", *submit, code=1).err
    assert "Field: master_type Error: A machine type can only be specified for the CUSTOM" in no_tier.result().err
