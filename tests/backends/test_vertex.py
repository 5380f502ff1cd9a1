"""The Vertex AI backend: what it sends is pinned and judged by Google's own types, what it reads is scripted."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from submit.backends import creation, vertex
from submit.errors import ErrorKind, ServiceError, UnansweredError, UnsentError, UsageError
from submit.job import Cause, Handle, Json, JsonObject, Scheduling, State, Status
from submit.steps import Call, Reply, Upload, carry_out, preview
from tests.backends.examples import CONFIGS, PACKAGE, TARGET, example, golden, shown, steps_of
from tests.backends.scripted import Service, failure

PARENT = "projects/my-project/locations/us-central1"
NAME = f"{PARENT}/customJobs/7"
JOB = Handle("vertex", NAME)


@pytest.mark.parametrize("name", CONFIGS)
def test_every_config_is_sent_as_it_was_agreed(name: str) -> None:
    assert shown(steps_of(vertex, example(name))) == golden("vertex", name)


@pytest.mark.parametrize("name", CONFIGS)
def test_every_request_is_one_in_googles_own_types(name: str) -> None:
    from google.cloud import aiplatform_v1 as types
    from google.protobuf import json_format

    call = steps_of(vertex, example(name))[-1]
    assert isinstance(call, Call)
    message = (
        types.CreateHyperparameterTuningJobRequest
        if "hyperparameterTuningJobs" in call.method
        else types.CreateCustomJobRequest
    )
    parsed = json_format.Parse(json.dumps(call.request), message.pb()(), ignore_unknown_fields=False)
    assert parsed.parent == PARENT


def test_the_cloud_itself_rehearses_no_preemption() -> None:
    """The emulator alone answers at that path."""
    spec = replace(example("cpu"), scheduling=Scheduling(preempt_after_s=30))
    service = Service(endpoints=[failure(ErrorKind.NOT_FOUND)])
    with pytest.raises(UsageError, match="only the emulator rehearses a preemption"):
        carry_out(vertex.submit(spec, TARGET), service)
    assert service.calls() == ["emulator.endpoints"]


def test_a_rehearsal_is_a_label_of_the_job() -> None:
    spec = replace(example("cpu"), scheduling=Scheduling(preempt_after_s=0.5))
    service = Service(endpoints=[{"grpcPort": 1}], buckets=[BUCKET], create=[{"name": NAME}])
    carry_out(vertex.submit(spec, TARGET), service)
    (request,) = service.requests("create")
    assert isinstance(request, dict)
    job = request["customJob"]
    assert isinstance(job, dict)
    assert isinstance(labels := job["labels"], dict)
    assert labels["jobdir-preempt-after-ms"] == "500"


BUCKET: JsonObject = {"location": "US-CENTRAL1", "locationType": "region"}


def submitted(spec_name: str, service: Service) -> Handle:
    return carry_out(vertex.submit(example(spec_name), TARGET), service)


def test_a_bucket_that_is_not_there_is_created_in_the_region_of_the_job() -> None:
    service = Service(buckets=[failure(ErrorKind.NOT_FOUND), {}], create=[{"name": NAME}])

    assert submitted("cpu", service) == JOB
    assert service.calls() == ["buckets.get", "buckets.insert", "customJobs.create"]
    insert = service.steps[1]
    assert isinstance(insert, Call)
    assert insert.request["project"] == "my-project"
    resource = insert.request["resource"]
    assert isinstance(resource, dict)
    assert (resource["name"], resource["location"]) == ("stage", "US-CENTRAL1")
    upload = service.steps[2]
    assert isinstance(upload, Upload)
    assert upload.to == "gs://stage/folder/jobdir/d1/trainer-0.1.0.tar.gz"


def test_a_bucket_of_another_region_is_refused_before_anything_is_sent() -> None:
    service = Service(buckets=[{"location": "EUROPE-WEST4", "locationType": "region"}])
    with pytest.raises(UsageError, match="the bucket `stage` is in europe-west4, the job would be in us-central1"):
        submitted("cpu", service)
    assert service.calls() == ["buckets.get"]


def test_a_bucket_of_several_regions_is_left_to_the_service() -> None:
    service = Service(buckets=[{"location": "US", "locationType": "multi-region"}], create=[{"name": NAME}])
    assert submitted("cpu", service) == JOB


def test_without_a_staging_bucket_the_one_of_the_job_dir_is_used_or_one_of_ours() -> None:
    nowhere = replace(TARGET, staging_bucket=None, project="example.com:team")
    uploads = [step.to for step in steps_of(vertex, example("cpu"), nowhere) if isinstance(step, Upload)]
    assert uploads == ["gs://example-com-team-jobdir-us-central1/jobdir/d1/trainer-0.1.0.tar.gz"]
    spec = replace(example("cpu"), job_dir="gs://out/a/b")
    uploads = [step.to for step in steps_of(vertex, spec, nowhere) if isinstance(step, Upload)]
    assert uploads == ["gs://out/jobdir/d1/trainer-0.1.0.tar.gz"]


def test_a_job_whose_creation_went_unanswered_is_found_by_its_label_and_not_created_again() -> None:
    service = Service(buckets=[BUCKET], create=[failure(ErrorKind.TRANSIENT)], list=[{"customJobs": [{"name": NAME}]}])
    assert submitted("cpu", service) == JOB
    assert service.calls() == ["buckets.get", "customJobs.create", "pause", "customJobs.list"]
    look = service.steps[-1]
    assert isinstance(look, Call)
    assert look.request == {"parent": PARENT, "filter": "labels.jobdir-submission=0123456789abcdef0123456789abcdef"}


def test_a_job_is_looked_for_on_every_page() -> None:
    jobs: JsonObject = {"customJobs": [{"name": NAME}]}
    pages: list[Reply | Exception] = [{"nextPageToken": "2"}, {"customJobs": [], "nextPageToken": "3"}, jobs]
    service = Service(buckets=[BUCKET], create=[failure(ErrorKind.TRANSIENT), {"name": f"{NAME}1"}], list=pages)
    assert submitted("cpu", service) == JOB
    assert service.calls().count("customJobs.create") == 1
    looks = service.requests("customJobs.list")
    assert [look.get("pageToken") for look in looks if isinstance(look, dict)] == [None, "2", "3"]


def test_a_job_that_is_not_found_after_a_lost_answer_is_created_again() -> None:
    service = Service(buckets=[BUCKET], create=[failure(ErrorKind.TRANSIENT), {"name": NAME}], list=[{}])
    assert submitted("cpu", service) == JOB
    assert service.calls().count("customJobs.create") == 2


def test_a_creation_without_any_answer_is_looked_for_and_never_tried_again() -> None:
    unanswered = UnansweredError("no answer in time", kind=ErrorKind.TRANSIENT)
    service = Service(buckets=[BUCKET], create=[unanswered], list=[{}, {}, {"customJobs": [{"name": NAME}]}])
    assert submitted("cpu", service) == JOB
    service = Service(buckets=[BUCKET], create=[unanswered], list=[{}])
    with pytest.raises(ServiceError, match="no job has come of it so far") as caught:
        submitted("cpu", service)
    assert service.calls().count("customJobs.create") == 1
    assert "submit jobs recover" in caught.value.problems[0].hint


def test_a_service_that_was_never_reached_is_not_looked_for() -> None:
    service = Service(buckets=[BUCKET], create=[UnsentError("no route", kind=ErrorKind.TRANSIENT)])
    with pytest.raises(UnsentError):
        submitted("cpu", service)
    assert service.calls() == ["buckets.get", "customJobs.create"]


def test_fallbacks_are_tried_in_their_order_where_there_is_no_room() -> None:
    service = Service(
        buckets=[failure(ErrorKind.NOT_FOUND), {"items": [{"name": "my-project-jobdir-us-east4"}]}],
        create=[failure(ErrorKind.QUOTA), failure(ErrorKind.STOCK_OUT), {"name": NAME}],
    )
    submitted("spot", service)
    created = [step.request for step in service.steps if isinstance(step, Call) and step.method.endswith("Jobs.create")]
    assert [request["parent"] for request in created] == [
        "projects/my-project/locations/us-central1",
        "projects/my-project/locations/us-east4",
        "projects/my-project/locations/us-central1",
    ]
    buckets = [s.to.split("/")[2] for s in service.steps if isinstance(s, Upload)]
    assert buckets == ["stage", "my-project-jobdir-us-east4", "stage"]
    assert '"strategy"' not in json.dumps(created[2])
    assert ['"jobdir-fallback": "2"' in json.dumps(request) for request in created] == [False, False, True]


NOWHERE = replace(TARGET, staging_bucket=None)
OWN: JsonObject = {"name": "my-project-jobdir-us-central1", "location": "US-CENTRAL1"}


@pytest.mark.parametrize("found", [OWN, failure(ErrorKind.NOT_FOUND)])
def test_a_bucket_of_our_name_that_the_project_does_not_have_gets_no_code(found: JsonObject | ServiceError) -> None:
    """It was there already, or somebody was faster than we."""
    made = [failure(ErrorKind.EXISTS)] if isinstance(found, ServiceError) else []
    others: JsonObject = {"items": [{"name": "my-project-jobdir-us-central1-other"}]}
    service = Service(buckets=[found, *made, others])
    with pytest.raises(UsageError, match="belongs to somebody else, not to the project `my-project`"):
        carry_out(vertex.submit(example("cpu"), NOWHERE), service)
    assert not [step for step in service.steps if isinstance(step, Upload)]


def test_a_bucket_of_our_name_that_the_project_lists_is_used() -> None:
    service = Service(buckets=[OWN, {"items": [OWN]}], create=[{"name": NAME}])
    assert carry_out(vertex.submit(example("cpu"), NOWHERE), service) == JOB
    assert service.calls() == ["buckets.get", "buckets.list", "customJobs.create"]


def test_whose_bucket_it_is_may_not_be_asked() -> None:
    service = Service(buckets=[OWN, failure(ErrorKind.DENIED)])
    with pytest.raises(ServiceError) as caught:
        carry_out(vertex.submit(example("cpu"), NOWHERE), service)
    assert "--staging-bucket" in caught.value.problems[0].hint


def test_a_job_that_was_taken_and_found_no_machines_goes_on_with_the_next_fallback() -> None:
    spec = example("spot")
    out_of_stock: JsonObject = {"message": "Resources are insufficient in region: us-central1. Try another."}
    labels: list[JsonObject] = [{}, {"jobdir-fallback": "2"}, {"jobdir-fallback": "3"}]
    found = [described({**FAILED, "error": out_of_stock, "labels": given}) for given in labels]
    assert [creation.next_plan(spec, status) for status in found] == [1, 3, None]
    assert creation.next_plan(spec, described(FAILED)) is None
    service = Service(buckets=[BUCKET], create=[{"name": NAME}])
    carry_out(vertex.submit(replace(spec, first_plan=3), TARGET), service)
    (created,) = service.requests("customJobs.create")
    assert "NVIDIA_TESLA_T4" in json.dumps(created)


def test_a_request_that_is_wrong_is_not_tried_elsewhere() -> None:
    service = Service(buckets=[BUCKET], create=[failure(ErrorKind.INVALID)])
    with pytest.raises(ServiceError):
        submitted("spot", service)
    assert service.calls().count("customJobs.create") == 1


def test_what_vertex_ai_cannot_do_is_refused_with_every_reason() -> None:
    spec = example("distributed")
    spec = replace(
        spec,
        job_dir="/home/me/out",
        use_chief_in_tf_config=False,
        scheduling=replace(spec.scheduling, max_wait_s=60),
    )
    with pytest.raises(UsageError) as refused:
        steps_of(vertex, spec)
    assert [problem.message for problem in refused.value.problems] == [
        "the job dir `/home/me/out` is on this machine, where Vertex AI cannot write",
        "on Vertex AI only FLEX_START waits for machines for a given time",
        "on Vertex AI the first replica is `chief` in TF_CONFIG, never `master`",
    ]


def test_without_a_project_the_ways_to_name_it_are_shown() -> None:
    with pytest.raises(UsageError, match="the project is not known"):
        steps_of(vertex, example("cpu"), replace(TARGET, project=None))


FAILED: JsonObject = {
    "name": NAME,
    "displayName": "digits",
    "state": "JOB_STATE_FAILED",
    "createTime": "2026-11-21T03:33:37.123456789Z",
    "endTime": "2026-11-21T03:34:00Z",
    "labels": {"team": "vision"},
    "error": {
        "code": 3,
        "message": "The replica workerpool0-0 exited with a non-zero status of 3. Termination reason: Error. \n"
        "Traceback (most recent call last):\n  File x\nValueError: no\n"
        "To find out more about why your job exited please check the logs: https://console",
    },
    "jobSpec": {"workerPoolSpecs": [{"pythonPackageSpec": {"args": ["--a", "--job-dir", "gs://out/x"]}}]},
}


def described(job: JsonObject) -> Status:
    return carry_out(vertex.describe([JOB], TARGET), Service(get=[job]))[JOB]


def test_an_answer_becomes_a_status() -> None:
    status = described(FAILED)
    assert (status.name, status.state, status.cause, status.exit_code) == ("digits", State.FAILED, Cause.EXIT_CODE, 3)
    assert status.created == datetime(2026, 11, 21, 3, 33, 37, 123456, UTC)
    assert status.traceback == "Traceback (most recent call last):\n  File x\nValueError: no"
    assert (status.job_dir, status.labels) == ("gs://out/x", {"team": "vision"})
    assert status.links["console"] == (
        "https://console.cloud.google.com/vertex-ai/locations/us-central1/training/7?project=my-project"
    )


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        ("The replica workerpool0-0 ran out of memory and exited with a non-zero status of 137.", Cause.OUT_OF_MEMORY),
        ("Replicas low on memory: workerpool0", Cause.OUT_OF_MEMORY),
        ("The replica workerpool1-2 exited with a non-zero status of 1.", Cause.EXIT_CODE),
        ("The job was preempted more than 6 times.", Cause.PREEMPTED),
        ("The job has exceeded its timeout of 60s.", Cause.TIMEOUT),
        ("Internal error occurred for the current attempt", None),
    ],
)
def test_the_words_of_a_failure_tell_its_cause(message: str, cause: Cause | None) -> None:
    assert described({**FAILED, "error": {"message": message}}).cause is cause


def test_all_states_of_the_service_are_known() -> None:
    from google.cloud import aiplatform_v1 as types

    assert set(vertex.STATES) == set(types.JobState.__members__) - {"JOB_STATE_UNSPECIFIED"}


def test_several_jobs_are_looked_up_in_one_list() -> None:
    others = [Handle("vertex", f"{PARENT}/customJobs/{number}") for number in (7, 8)]
    service = Service(list=[{"customJobs": [{"name": handle.path, "state": "JOB_STATE_RUNNING"} for handle in others]}])
    found = carry_out(vertex.describe(others, TARGET), service)
    assert [found[handle].state for handle in others] == [State.RUNNING, State.RUNNING]
    assert service.calls() == ["customJobs.list"]


def test_a_number_is_a_custom_job_of_the_target() -> None:
    handle = Handle("vertex", "7")
    assert carry_out(vertex.describe([handle], TARGET), Service(get=[FAILED]))[handle].handle == handle
    with pytest.raises(UsageError, match="does not name a job of Vertex AI"):
        carry_out(vertex.describe([Handle("vertex", "first")], TARGET), Service())


def test_a_list_has_jobs_of_both_kinds_the_newest_first() -> None:
    def jobs(kind: str, *times: str) -> list[Json]:
        return [{"name": f"{PARENT}/{kind}/{n}", "createTime": f"2026-11-21T0{n}:00:00Z"} for n in times]

    service = Service(
        list=[
            {"customJobs": jobs("customJobs", "4"), "nextPageToken": "t"},
            {"customJobs": jobs("customJobs", "1")},
            {"hyperparameterTuningJobs": jobs("hyperparameterTuningJobs", "3")},
        ]
    )
    found = carry_out(vertex.list_jobs(TARGET, 2), service)
    assert [status.handle.path.rpartition("/")[2] for status in found] == ["4", "3"]
    assert [step.request.get("pageToken") for step in service.steps if isinstance(step, Call)] == [None, "t", None]


def test_the_log_of_a_job_ends_with_it() -> None:
    last: JsonObject = {
        "insertId": "a",
        "timestamp": "2026-11-21T05:00:50Z",
        "textPayload": "Job failed.",
        "resource": {"type": "ml_job", "labels": {"job_id": "7", "task_name": "service"}},
    }
    service = Service(get=[FAILED], list=[{"entries": [last]}])
    page = carry_out(vertex.logs(JOB, TARGET, "", 1.0), service)
    assert ([entry.message for entry in page.entries], page.ended) == (["Job failed."], True)
    (query,) = service.requests("entries.list")
    assert isinstance(query, dict)
    assert query["filter"] == 'resource.type="ml_job" AND resource.labels.job_id="7"'


def test_cancelling_a_job_that_has_ended_is_no_error() -> None:
    carry_out(vertex.cancel(JOB, TARGET), Service(cancel=[failure(ErrorKind.INVALID)], get=[FAILED]))
    running: JsonObject = {**FAILED, "state": "JOB_STATE_RUNNING"}
    with pytest.raises(ServiceError):
        carry_out(vertex.cancel(JOB, TARGET), Service(cancel=[failure(ErrorKind.INVALID)], get=[running]))


def test_deleting_waits_for_the_operation() -> None:
    service = Service(delete=[{"name": "o"}], get=[{"name": "o"}, {"name": "o", "done": True}])
    carry_out(vertex.delete(JOB, TARGET), service)
    assert service.calls() == ["customJobs.delete", "pause", "operations.get", "pause", "operations.get"]


def test_a_deletion_whose_answer_was_lost_is_made_again_and_nothing_left_is_a_success() -> None:
    service = Service(delete=[failure(ErrorKind.TRANSIENT), failure(ErrorKind.NOT_FOUND)])
    carry_out(vertex.delete(JOB, TARGET), service)
    assert service.calls() == ["customJobs.delete", "pause", "customJobs.delete"]
    with pytest.raises(ServiceError):
        carry_out(vertex.delete(JOB, TARGET), Service(delete=[failure(ErrorKind.NOT_FOUND)]))


def test_every_verb_has_a_dry_run() -> None:
    assert [step.method for step in preview(vertex.cancel(JOB, TARGET))[0] if isinstance(step, Call)] == [
        "projects.locations.customJobs.cancel"
    ]
    assert len(preview(vertex.delete(JOB, TARGET))[0]) == 1
    assert PACKAGE.digest == "d1"
