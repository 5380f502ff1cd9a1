"""However a job ends badly: this project's client, gcloud and Google's library see the same state and cause."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud.aiplatform_v1 import JobServiceClient

from tests.emulator.gcloud.conftest import BUCKET, VERTEX_ENDED, Gcloud, worker_pool
from tests.project import wait_until

PARENT = "projects/local-project/locations/us-central1"
URL = "https://console.cloud.google.com/logs/viewer?project=local-project&resource=ml_job%2Fjob_id%2F"

DEEP = """
def even(n):
    return odd(n - 1) if n else int("x" * 10)
def odd(n):
    return even(n - 1)
try:
    even(50)
except ValueError as error:
    raise ValueError("the end") from error
"""


@dataclass
class Case:
    """`pool` and `spec` change a good job; `says` is in the error's message, `code` that of `google.rpc`."""

    source: str = ""
    pool: dict[str, Any] = field(default_factory=dict)
    spec: dict[str, Any] = field(default_factory=dict)
    state: str = "FAILED"
    cause: str = "exit code"
    exit_code: int | None = None
    code: int = 3
    says: str = ""


def python(**change: Any) -> dict[str, Any]:
    return {"pythonPackageSpec": {**worker_pool("")["pythonPackageSpec"], **change}}


CASES = {
    "exits_3": Case(
        "raise SystemExit(3)", exit_code=3, says="exited with a non-zero status of 3. Termination reason: "
    ),
    "raises": Case(DEEP, exit_code=1, says="Termination reason: Error. \nTraceback (most recent call last):\n"),
    "no_module": Case(pool=python(pythonModule="trainer.none"), exit_code=1, says="No module named trainer.none"),
    "bad_requirement": Case(
        *("", python(packageUris=[f"{BUCKET}/needy.tar.gz"])),
        cause="environment",
        says="the trainer's requirements cannot be installed",
    ),
    "time_out": Case(
        *("import time; time.sleep(600)", {}, {"scheduling": {"timeout": "1s"}}),
        cause="time-out",
        code=4,
        says="The job did not finish within its time-out of 1 s",
    ),
    "cancelled": Case("import time; time.sleep(600)", state="CANCELLED", cause="cancelled", code=1, says="CANCELED"),
    "preempted": Case(
        *("import time; time.sleep(600)", {}, {"scheduling": {"strategy": "SPOT", "disableRetries": True}}),
        cause="preempted",
        code=10,
        says="preempted",
    ),
    "no_container": Case(
        pool={"pythonPackageSpec": None, "containerSpec": {"imageUri": "localhost:1/no/image"}},
        cause="environment",
        says="The replica workerpool0-0 could not be prepared: ",
    ),
}


@dataclass
class Seen:
    """A job that has ended, as each client shows it."""

    name: str
    by_us: Any
    by_gcloud: Any
    by_library: Any


@pytest.fixture(scope="module")
def seen(gcloud: Gcloud) -> dict[str, Seen]:
    gcloud.project.trainer("pass", requirements="no-such-package-for-a-trainer==9.9\n")
    packed = gcloud.project.submit("package", "trainer", "--output", "needy")
    assert packed.code == 0, packed.err
    (archive,) = (gcloud.project.folder / "needy").glob("*.tar.gz")
    gcloud("storage", "cp", str(archive), f"{BUCKET}/needy.tar.gz")
    names = {case: create(gcloud, case) for case in CASES}
    gcloud("ai", "custom-jobs", "cancel", names["cancelled"])
    wait_until(lambda: gcloud.ask(f"/v1/{names['preempted']}")["state"] == "JOB_STATE_RUNNING", timeout=120)
    preempted = gcloud.project.submit("emulator", "preempt", names["preempted"])
    assert preempted.code == 0, preempted.err
    wait_until(lambda: all(gcloud.ask(f"/v1/{name}")["state"] in VERTEX_ENDED for name in names.values()), timeout=120)

    shown = [gcloud.meanwhile("ai", "custom-jobs", "describe", name, "--format", "json") for name in names.values()]
    handles = [f"vertex://{name}" for name in names.values()]
    ours = gcloud.project.submit("jobs", "describe", *handles, "--format", "json")
    assert ours.code == 0, ours.err
    found = [library(gcloud).get_custom_job(name=name) for name in names.values()]
    described = [future.result().json for future in shown]
    rows = zip(names.items(), ours.json, described, found, strict=True)
    return {case: Seen(name, by_us, by_gcloud, by_library) for (case, name), by_us, by_gcloud, by_library in rows}


def library(gcloud: Gcloud) -> Any:
    options = {"api_endpoint": gcloud.project.environ["STORAGE_EMULATOR_HOST"]}
    anonymous = AnonymousCredentials()  # type: ignore[no-untyped-call]
    return JobServiceClient(transport="rest", credentials=anonymous, client_options=options)


def create(gcloud: Gcloud, name: str) -> str:
    case = CASES[name]
    pool = {key: value for key, value in {**worker_pool(case.source), **case.pool}.items() if value is not None}
    body = {"displayName": name, "jobSpec": {"workerPoolSpecs": [pool], **case.spec}}
    url = gcloud.project.environ["STORAGE_EMULATOR_HOST"]
    answer = httpx.post(f"{url}/v1/{PARENT}/customJobs", json=body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["name"])


@pytest.mark.parametrize("name", CASES)
def test_all_see_the_same_end(seen: dict[str, Seen], name: str) -> None:
    case, job = CASES[name], seen[name]
    assert [job.by_us[key] for key in ("state", "cause", "exit_code")] == [case.state, case.cause, case.exit_code]
    error = job.by_library.error
    assert (job.by_library.state.name, error.code) == (f"JOB_STATE_{case.state}", case.code)
    assert case.says in error.message
    if case.state == "FAILED":
        assert f"\n\nTo find out more about why your job exited please check the logs: {URL}" in error.message
    assert job.by_gcloud["state"] == job.by_library.state.name
    assert job.by_gcloud["error"] == {"code": case.code, "message": error.message}


def test_a_long_traceback_is_cut_to_two_kilobytes_of_its_end(seen: dict[str, Seen]) -> None:
    message = str(seen["raises"].by_library.error.message)
    reason, _, traceback = message.partition("\n\nTo find out more")[0].partition(" \n")
    assert reason.endswith("Termination reason: Error.")
    assert traceback.startswith("Traceback (most recent call last):\n  [...]\n")
    assert traceback.endswith("ValueError: the end")
    assert 1024 < len(traceback) <= 2048


def test_ml_engine_says_it_in_its_own_words(gcloud: Gcloud) -> None:
    gcloud.ml_job("divides", "1 / 0")
    wait_until(lambda: "endTime" in gcloud.ask("/v1/projects/local-project/jobs/divides"), timeout=60)
    job = gcloud.json("ml-engine", "jobs", "describe", "divides")
    assert job["state"] == "FAILED"
    assert job["errorMessage"].startswith(
        "The replica master 0 exited with a non-zero status of 1. Termination reason: Error. \nTraceback (most recent"
    )
    assert f"check the logs: {URL}divides" in job["errorMessage"]
    read = gcloud.json("logging", "read", "resource.labels.job_id=divides AND severity>=ERROR", "--order", "asc")
    said = [entry.get("textPayload") or entry["jsonPayload"]["message"] for entry in read]
    assert said[0].startswith("Traceback (most recent call last):")
    assert said[1].startswith("Command '['python3', '-m', 'trainer.task', '1 / 0']' returned non-zero exit status 1.")
    assert said[2].startswith("The replica master 0 exited with a non-zero status of 1.")
    assert said[3:] == ["Job failed."]
