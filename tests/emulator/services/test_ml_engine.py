"""ML Engine through `google-api-python-client`; the jobs really run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from google.auth.credentials import AnonymousCredentials
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError

from tests.emulator.services.conftest import PACKAGE, Emulator
from tests.project import wait_until


@pytest.fixture
def jobs(emulator: Emulator) -> Iterator[Any]:
    credentials = AnonymousCredentials()  # type: ignore[no-untyped-call]
    with build("ml", "v1", credentials=credentials, client_options={"api_endpoint": emulator.url}) as client:
        yield client.projects().jobs()


def training(source: str, **more: Any) -> dict[str, Any]:
    return {
        "region": "us-east1",
        "packageUris": [PACKAGE],
        "pythonModule": "trainer.task",
        "args": [source],
        "runtimeVersion": "1.9",
        "pythonVersion": "3.5",
        **more,
    }


def create(jobs: Any, job_id: str, source: str = "", **more: Any) -> Any:
    body = {"jobId": job_id, "trainingInput": training(source, **more)}
    return jobs.create(parent="projects/demo", body=body).execute()


def ended(jobs: Any, job_id: str) -> Any:
    get = jobs.get(name=f"projects/demo/jobs/{job_id}")
    wait_until(lambda: "endTime" in get.execute())
    return get.execute()


def refusal(jobs: Any, job_id: str = "first", **more: Any) -> str:
    with pytest.raises(HttpError) as caught:
        create(jobs, job_id, **more)
    assert caught.value.status_code == 400
    return str(caught.value.reason)


def test_a_job_gets_its_job_dir_last_and_succeeds(jobs: Any, emulator: Emulator) -> None:
    source = f"import sys; open({str(emulator.buckets / 'argv')!r}, 'w').write(' '.join(sys.argv[1:]))"
    created = create(jobs, "first_job", source, jobDir="gs://stage/out", scaleTier="CUSTOM", masterType="standard_gpu")
    assert created["jobId"] == "first_job"
    assert created["state"] in ("QUEUED", "PREPARING")
    job = ended(jobs, "first_job")
    assert job["state"] == "SUCCEEDED"
    assert job["trainingInput"]["masterType"] == "standard_gpu"
    assert all(re.fullmatch(r"[\d-]{10}T[\d:]{8}Z", job[key]) for key in ("createTime", "startTime", "endTime"))
    assert (emulator.buckets / "argv").read_text() == "--job-dir gs://stage/out"


def test_a_trainer_that_exits_3_fails_with_the_services_words(jobs: Any) -> None:
    create(jobs, "bad", "raise SystemExit(3)")
    job = ended(jobs, "bad")
    assert job["state"] == "FAILED"
    assert job["errorMessage"].startswith("The replica master 0 exited with a non-zero status of 3. Termination reason")


def test_a_job_is_cancelled_and_stays_so(jobs: Any) -> None:
    create(jobs, "slow", "import time; time.sleep(60)")
    wait_until(lambda: jobs.get(name="projects/demo/jobs/slow").execute()["state"] == "RUNNING")
    assert jobs.cancel(name="projects/demo/jobs/slow", body={}).execute() == {}
    assert ended(jobs, "slow")["state"] == "CANCELLED"
    assert jobs.cancel(name="projects/demo/jobs/slow", body={}).execute() == {}


def test_a_job_id_is_taken_once(jobs: Any) -> None:
    create(jobs, "twin")
    with pytest.raises(HttpError, match="A job with this id already exists") as caught:
        create(jobs, "twin")
    assert caught.value.status_code == 409


def test_a_job_that_is_not_there_is_not_found(jobs: Any) -> None:
    with pytest.raises(HttpError, match="The specified job was not found") as caught:
        jobs.get(name="projects/demo/jobs/none").execute()
    assert caught.value.status_code == 404


def test_jobs_are_listed_in_pages_newest_first(jobs: Any) -> None:
    for n in range(3):
        create(jobs, f"job{n}")
    request = jobs.list(parent="projects/demo", pageSize=2)
    first = request.execute()
    second = jobs.list_next(request, first).execute()
    assert [job["jobId"] for job in first["jobs"]] == ["job2", "job1"]
    assert [job["jobId"] for job in second["jobs"]] == ["job0"]
    assert "nextPageToken" not in second


def test_a_queued_job_knows_its_position(jobs: Any) -> None:
    for name in ("runs0", "runs1", "waits1", "waits2"):
        create(jobs, name, "import time; time.sleep(60)")
    wait_until(lambda: jobs.get(name="projects/demo/jobs/runs1").execute()["state"] == "RUNNING")
    listed = {job["jobId"]: job["jobPosition"] for job in jobs.list(parent="projects/demo").execute()["jobs"]}
    assert (listed["waits1"], listed["waits2"]) == ("1", "2")
    jobs.cancel(name="projects/demo/jobs/waits1", body={}).execute()
    assert jobs.get(name="projects/demo/jobs/waits2").execute()["jobPosition"] == "1"


def test_labels_are_replaced(jobs: Any) -> None:
    create(jobs, "labelled")
    name = "projects/demo/jobs/labelled"
    jobs.patch(name=name, updateMask="labels", body={"labels": {"team": "a", "stage": "x"}}).execute()
    answer = jobs.patch(name=name, updateMask="labels", body={"labels": {"team": "b"}}).execute()
    assert answer["labels"] == {"team": "b"}
    assert jobs.get(name=name).execute()["labels"] == {"team": "b"}
    with pytest.raises(HttpError, match="no more than 64 labels"):
        jobs.patch(name=name, updateMask="labels", body={"labels": {"Team": "b"}}).execute()


@pytest.mark.parametrize("job_id", ["my-job", "1st", "", "a" * 129])
def test_a_bad_job_id_is_refused(jobs: Any, job_id: str) -> None:
    rule = "A name should start with a letter and contain only letters, numbers and underscores."
    assert refusal(jobs, job_id) == f"Field: job_id Error: {rule}"


def test_what_the_service_refuses_is_refused(jobs: Any) -> None:
    assert "master_type Error" in refusal(jobs, scaleTier="CUSTOM")
    assert "master_type Error: A machine type can only" in refusal(jobs, masterType="standard_gpu")
    assert "`huge` is not supported" in refusal(jobs, scaleTier="CUSTOM", masterType="huge")
    assert "runtime version '99'" in refusal(jobs, runtimeVersion="99")
    assert "[gs://stage/none.whl] cannot be read" in refusal(jobs, packageUris=["gs://stage/none.whl"])
    assert "`mars-1` is not available" in refusal(jobs, region="mars-1")
    assert refusal(jobs, scaleTier="BASIK") == "Invalid value at 'job.training_input.scale_tier' (TYPE_ENUM), \"BASIK\""
    accelerator = {"acceleratorConfig": {"type": "NVIDIA_TESLA_T4", "count": 3}}
    assert 'Accelerator "NVIDIA_TESLA_T4" is not supported for machine type "n1-standard-8" in the number of 3.' in (
        refusal(jobs, scaleTier="CUSTOM", masterType="n1-standard-8", masterConfig=accelerator)
    )


def test_every_unknown_name_is_reported_at_its_place(jobs: Any) -> None:
    said = refusal(jobs, mastertype="x", masterConfig={"image": "y"})
    assert "Unknown name \"mastertype\" at 'job.training_input': Cannot find field." in said
    assert "Unknown name \"image\" at 'job.training_input.master_config': Cannot find field." in said


def test_numbers_may_be_text(jobs: Any) -> None:
    more = {"scaleTier": "CUSTOM", "masterType": "standard", "workerType": "standard", "workerCount": "2"}
    assert create(jobs, "wide", **more)["trainingInput"]["workerCount"] == "2"


N1 = {"scaleTier": "CUSTOM", "masterType": "n1-standard-8"}


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"args": ["x" * 100_001]}, "args", "100000 characters"),
        ({"packageUris": [PACKAGE] * 101}, "package_uris", "at most 100 packages"),
        ({"scheduling": {"maxRunningTime": "0s"}}, "scheduling.max_running_time", "must be positive"),
        ({"scheduling": {"maxWaitTime": "60s"}}, "scheduling.max_wait_time", "at least 1800 seconds"),
        ({"scheduling": {"priority": 1001}}, "scheduling.priority", "between 0 and 1000"),
        ({"serviceAccount": "me"}, "service_account", "Invalid service account: me."),
        ({"encryptionConfig": {"kmsKeyName": "key"}}, "encryption_config.kms_key_name", "Invalid resource name: key."),
        ({"jobDir": "/tmp"}, "job_dir", "must be a path in Cloud Storage"),
        (
            {**N1, "masterConfig": {"acceleratorConfig": {"type": "NVIDIA_TESLA_T4"}}},
            "master_config.accelerator_config",
            "Both the type and the count",
        ),
        (
            {**N1, "masterConfig": {"acceleratorConfig": {"count": 1}}},
            "master_config.accelerator_config",
            "Both the type and the count",
        ),
    ],
)
def test_what_is_out_of_its_limits_is_refused_at_its_field(
    jobs: Any, change: dict[str, Any], field: str, words: str
) -> None:
    said = refusal(jobs, **change)
    assert said.startswith(f"Field: {field} Error: ")
    assert words in said
