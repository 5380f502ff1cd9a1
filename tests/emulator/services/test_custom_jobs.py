"""Google's own client against the emulator, over REST and over gRPC; the jobs really run."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from google.api_core import exceptions
from google.cloud.aiplatform_v1 import JobServiceClient, JobState
from google.cloud.aiplatform_v1.services.job_service.transports.grpc import JobServiceGrpcTransport

from tests.emulator.services.conftest import PARENT, Emulator, custom_job, over_rest
from tests.project import wait_until


@pytest.fixture(params=["rest", "grpc"])
def client(request: pytest.FixtureRequest, emulator: Emulator) -> Any:
    if request.param == "grpc":
        return JobServiceClient(transport=JobServiceGrpcTransport(channel=grpc.insecure_channel(emulator.target)))
    return over_rest(JobServiceClient, emulator)


@pytest.fixture
def rest(emulator: Emulator) -> Any:
    return over_rest(JobServiceClient, emulator)


def ended(client: Any, name: str) -> Any:
    wait_until(lambda: client.get_custom_job(name=name).end_time is not None)
    return client.get_custom_job(name=name)


def test_a_job_runs_its_package_and_succeeds(client: Any, emulator: Emulator) -> None:
    source = "import sys; open(sys.argv[1], 'w').write('trained')"
    body = custom_job(source, labels={"team": "a"})
    body["job_spec"]["worker_pool_specs"][0]["python_package_spec"]["args"].append(str(emulator.buckets / "out"))
    created = client.create_custom_job(parent=PARENT, custom_job=body)
    assert created.name.startswith(f"{PARENT}/customJobs/")
    assert created.state in (JobState.JOB_STATE_QUEUED, JobState.JOB_STATE_PENDING)
    job = ended(client, created.name)
    assert job.state == JobState.JOB_STATE_SUCCEEDED
    assert job.error.message == ""
    assert job.create_time <= job.start_time <= job.end_time
    assert dict(job.labels) == {"team": "a"}
    assert (emulator.buckets / "out").read_text() == "trained"


def test_a_trainer_that_exits_3_fails_with_the_services_words(client: Any) -> None:
    job = ended(client, client.create_custom_job(parent=PARENT, custom_job=custom_job("raise SystemExit(3)")).name)
    assert job.state == JobState.JOB_STATE_FAILED
    assert job.error.code == 3
    assert job.error.message.startswith(
        "The replica workerpool0-0 exited with a non-zero status of 3. Termination reason: Error."
    )
    assert f"resource=ml_job%2Fjob_id%2F{job.name.rsplit('/')[-1]}" in job.error.message


def test_a_cancelled_job_ends_and_can_be_deleted(client: Any) -> None:
    name = client.create_custom_job(parent=PARENT, custom_job=custom_job("import time; time.sleep(60)")).name
    wait_until(lambda: client.get_custom_job(name=name).state == JobState.JOB_STATE_RUNNING)
    expected = exceptions.FailedPrecondition if client.transport.kind == "grpc" else exceptions.BadRequest
    with pytest.raises(expected, match="cannot be deleted"):
        client.delete_custom_job(name=name)
    client.cancel_custom_job(name=name)
    assert ended(client, name).state == JobState.JOB_STATE_CANCELLED
    client.cancel_custom_job(name=name)
    client.delete_custom_job(name=name).result(timeout=10)
    with pytest.raises(exceptions.NotFound, match=f'The CustomJob "{name}" does not exist'):
        client.get_custom_job(name=name)


def test_lists_are_newest_first_in_pages_that_new_jobs_do_not_shift(client: Any) -> None:
    made = [client.create_custom_job(parent=PARENT, custom_job=custom_job("", name=f"job{n}")).name for n in range(3)]
    pages = client.list_custom_jobs(request={"parent": PARENT, "page_size": 2}).pages
    assert [job.name for job in next(pages).custom_jobs] == [made[2], made[1]]
    client.create_custom_job(parent=PARENT, custom_job=custom_job("", name="later"))
    assert [job.name for job in next(pages).custom_jobs] == [made[0]]
    assert list(pages) == []


def test_a_list_is_filtered_and_ordered(rest: Any) -> None:
    for name, team in (("b", "x"), ("a", "x"), ("c", "y")):
        rest.create_custom_job(parent=PARENT, custom_job=custom_job("", name=name, labels={"team": team}))

    def names(**query: str) -> list[str]:
        return [job.display_name for job in rest.list_custom_jobs(request={"parent": PARENT, **query})]

    assert names(filter='labels.team="x"') == ["a", "b"]
    assert names(filter='display_name="a" OR display_name="c"') == ["c", "a"]
    assert names(filter="NOT labels.team=x") == ["c"]
    with pytest.raises(exceptions.BadRequest, match="Invalid filter"):
        names(filter="labels.team=")
    assert rest.list_custom_jobs(parent="projects/demo/locations/europe-west1").custom_jobs == []
    assert len(list(rest.list_custom_jobs(parent="projects/demo/locations/-"))) == 3


def test_a_page_token_goes_only_with_its_query(rest: Any) -> None:
    for _ in range(2):
        rest.create_custom_job(parent=PARENT, custom_job=custom_job(""))
    token = rest.list_custom_jobs(request={"parent": PARENT, "page_size": 1}).next_page_token
    query = {"parent": PARENT, "filter": 'display_name="first"'}
    for wrong in (token, "é", "====", "/w=="):
        with pytest.raises(exceptions.BadRequest, match="page token is invalid"):
            rest.list_custom_jobs(request={**query, "page_token": wrong})


def refusal(client: Any, body: dict[str, Any]) -> str:
    with pytest.raises((exceptions.BadRequest, exceptions.InvalidArgument)) as caught:
        client.create_custom_job(parent=PARENT, custom_job=body)
    return str(caught.value.message)


def test_a_machine_and_accelerator_that_do_not_go_together_are_refused(client: Any) -> None:
    body = custom_job("")
    machine = body["job_spec"]["worker_pool_specs"][0]["machine_spec"]
    machine.update(machine_type="e2-standard-4", accelerator_type="NVIDIA_TESLA_T4", accelerator_count=1)
    assert 'Accelerator "NVIDIA_TESLA_T4" is not supported for machine type "e2-standard-4".' in refusal(client, body)
    del machine["accelerator_count"]
    assert refusal(client, body).endswith(
        "List of found errors:\t1.Field: job_spec.worker_pool_specs[0].machine_spec.accelerator_type; "
        "Message: Both `accelerator_type` and `accelerator_count` should be specified or none.\t"
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"display_name": ""}, "display_name; Message: Required field is not set."),
        ({"labels": {"Team": "x"}}, "There can be no more than 64 labels"),
        ({"job_spec": {}}, "job_spec.worker_pool_specs; Message: Required field is not set."),
    ],
)
def test_what_the_service_refuses_is_refused(rest: Any, change: dict[str, Any], words: str) -> None:
    assert words in refusal(rest, {**custom_job(""), **change})


@pytest.mark.parametrize("uri", ["gs://stage/none.tar.gz", "gs://stage/../secret", "gs://stage", "/etc/passwd"])
def test_a_package_that_is_no_object_is_refused(rest: Any, uri: str) -> None:
    body = custom_job("")
    body["job_spec"]["worker_pool_specs"][0]["python_package_spec"]["package_uris"] = [uri]
    assert f"The provided GCS paths [{uri}] cannot be read" in refusal(rest, body)


def test_a_job_is_not_seen_under_another_project(rest: Any) -> None:
    name = rest.create_custom_job(parent=PARENT, custom_job=custom_job("")).name
    with pytest.raises(exceptions.NotFound):
        rest.get_custom_job(name=name.replace("demo", "other"))


@pytest.mark.parametrize("prefix", ["/etc", "gs://../etc", "gs://stage/../../etc"])
def test_an_output_folder_elsewhere_is_refused(rest: Any, prefix: str, emulator: Emulator) -> None:
    body = custom_job("")
    body["job_spec"]["base_output_directory"] = {"output_uri_prefix": prefix}
    assert prefix in refusal(rest, body)
    assert emulator.engine.list() == []


def test_a_parent_that_is_no_location_is_refused(emulator: Emulator) -> None:
    channel = grpc.insecure_channel(emulator.target)
    client: Any = JobServiceClient(transport=JobServiceGrpcTransport(channel=channel))
    for parent in ("", "projects/demo", "projects/demo/locations/", "x"):
        with pytest.raises(exceptions.InvalidArgument, match="Invalid resource name"):
            client.create_custom_job(parent=parent, custom_job=custom_job(""))
    for name in ("../../etc", "etc"):
        with pytest.raises(exceptions.NotFound):
            client.get_custom_job(name=name)


def test_a_filter_finds_a_jobs_label_among_others_of_that_name(rest: Any) -> None:
    made = [rest.create_custom_job(parent=PARENT, custom_job=custom_job("", labels={"n": str(n)})) for n in range(2)]
    query = {"parent": PARENT, "filter": "labels.n=1 AND display_name=first"}
    assert [job.name for job in rest.list_custom_jobs(request=query)] == [made[1].name]
