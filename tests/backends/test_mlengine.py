"""The ML Engine backend: what it sends is pinned and judged by Google's own schema, what it reads is scripted."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import cast

import pytest

from submit import catalogue
from submit.backends import Feature, features, mlengine
from submit.errors import ErrorKind, ServiceError, UsageError
from submit.job import (
    Cause,
    Goal,
    Handle,
    Json,
    JsonObject,
    Machine,
    Metric,
    PythonModule,
    Role,
    Scheduling,
    State,
    Status,
)
from submit.steps import Call, Upload, carry_out, preview
from tests.backends import discovery
from tests.backends.examples import CONFIGS, TARGET, example, golden, refused, shown, steps_of
from tests.backends.scripted import Service, failure

NAME = "projects/my-project/jobs/first"
JOB = Handle("mlengine", NAME)
BUCKET: JsonObject = {"location": "US-CENTRAL1", "locationType": "region"}
OURS: JsonObject = {"jobId": "first", "labels": {"jobdir-submission": "0123456789abcdef0123456789abcdef"}}
SENT = [name for name in CONFIGS if isinstance(golden("mlengine", name), list)]


@pytest.mark.parametrize("name", CONFIGS)
def test_every_config_is_sent_or_refused_as_it_was_agreed(name: str) -> None:
    spec, agreed = example(name), golden("mlengine", name)
    if isinstance(agreed, dict):
        assert refused(mlengine, "mlengine", spec) == agreed["refused"]
    else:
        assert features.refusals(spec, mlengine, "mlengine") == ()
        assert shown(steps_of(mlengine, spec)) == agreed


@pytest.mark.parametrize("name", SENT)
def test_every_request_is_one_in_googles_own_schema(name: str) -> None:
    call = steps_of(mlengine, example(name))[-1]
    assert isinstance(call, Call)
    assert call.request["parent"] == "projects/my-project"
    known = discovery.schemas("ml.v1")
    assert list(discovery.flaws(call.request["job"], known["GoogleCloudMlV1__Job"], known)) == []


def test_the_schema_would_find_what_is_wrong() -> None:
    known = discovery.schemas("ml.v1")
    job = {"jobId": 7, "trainingInput": {"masterTyp": "x", "scaleTier": "HUGE", "args": [1], "workerCount": 2}}
    assert sorted(discovery.flaws(job, known["GoogleCloudMlV1__Job"], known)) == [
        ".jobId: 7 is no string",
        ".trainingInput.args[0]: 1 is no string",
        ".trainingInput.masterTyp: there is no such field",
        ".trainingInput.scaleTier: 'HUGE' is no string",
        ".trainingInput.workerCount: 2 is no string",
    ]


def test_the_catalogue_has_the_accelerators_of_the_schema() -> None:
    kind = discovery.schemas("ml.v1")["GoogleCloudMlV1__AcceleratorConfig"]["properties"]["type"]
    assert set(catalogue.ml_engine_accelerators()) == set(kind["enum"]) - {"ACCELERATOR_TYPE_UNSPECIFIED"}


def training(service: Service) -> JsonObject:
    """What was asked for when the job was created last."""
    job = cast(JsonObject, cast(JsonObject, service.requests("jobs.create")[-1])["job"])
    return cast(JsonObject, job["trainingInput"])


def submitted(name: str, service: Service) -> Handle:
    return carry_out(mlengine.submit(example(name), TARGET), service)


def test_packages_are_staged_and_the_job_dir_is_left_to_the_service() -> None:
    service = Service(buckets=[failure(ErrorKind.NOT_FOUND), {}], create=[OURS])
    assert submitted("cpu", service) == JOB
    assert service.calls() == ["buckets.get", "buckets.insert", "jobs.create"]
    assert [step.to for step in service.steps if isinstance(step, Upload)] == [
        "gs://stage/folder/jobdir/d1/trainer-0.1.0.tar.gz"
    ]
    assert (training(service)["args"], training(service)["jobDir"]) == (["--arg=42"], "gs://stage/folder/output/first")


def test_a_job_whose_creation_went_unanswered_is_found_by_its_id_and_label() -> None:
    service = Service(buckets=[BUCKET], create=[failure(ErrorKind.TRANSIENT)], get=[OURS])
    assert submitted("cpu", service) == JOB
    assert service.calls() == ["buckets.get", "jobs.create", "pause", "jobs.get"]
    assert service.requests("jobs.get") == [{"name": NAME}]


def test_that_the_job_is_there_after_a_lost_answer_is_success() -> None:
    service = Service(
        buckets=[BUCKET],
        create=[failure(ErrorKind.TRANSIENT), failure(ErrorKind.EXISTS)],
        get=[failure(ErrorKind.NOT_FOUND), OURS],
    )
    assert submitted("cpu", service) == JOB
    assert service.calls().count("jobs.create") == 2


@pytest.mark.parametrize("labels", [{}, {"jobdir-submission": "f" * 32}])
@pytest.mark.parametrize("answer", [ErrorKind.EXISTS, ErrorKind.TRANSIENT])
def test_somebody_elses_job_of_that_name_is_an_error(answer: ErrorKind, labels: JsonObject) -> None:
    theirs: JsonObject = {"jobId": "first", "labels": labels}
    service = Service(buckets=[BUCKET], create=[failure(answer), failure(ErrorKind.EXISTS)], get=[theirs])
    with pytest.raises(ServiceError, match="there is another job `first` in `projects/my-project`") as refusal:
        submitted("cpu", service)
    assert refusal.value.kind is ErrorKind.EXISTS


def test_fallbacks_are_tried_in_other_regions_and_with_other_machines() -> None:
    spec = replace(
        example("gpu"), fallbacks=({"region": "us-east4"}, {"machineType": "n1-standard-4", "acceleratorType": None})
    )
    service = Service(
        buckets=[BUCKET, failure(ErrorKind.NOT_FOUND), {}, BUCKET],
        create=[failure(ErrorKind.QUOTA), failure(ErrorKind.STOCK_OUT), OURS],
    )
    assert carry_out(mlengine.submit(spec, TARGET), service) == JOB
    sent = [cast(JsonObject, cast(JsonObject, request)["job"]) for request in service.requests("jobs.create")]
    inputs = [cast(JsonObject, job["trainingInput"]) for job in sent]
    assert [(job["region"], job["masterType"]) for job in inputs] == [
        ("us-central1", "standard_gpu"),
        ("us-east4", "standard_gpu"),
        ("us-central1", "n1-standard-4"),
    ]


@pytest.mark.parametrize("name", ["my-job", "1st", "a" * 129])
def test_a_name_that_is_no_job_id_is_refused_before_anything_is_sent(name: str) -> None:
    with pytest.raises(UsageError, match="cannot be the name of a job of ML Engine"):
        steps_of(mlengine, replace(example("cpu"), name=name))


def test_what_ml_engine_cannot_do_is_refused_with_every_reason() -> None:
    spec = example("distributed")
    chief, *others = spec.pools
    l4 = Machine(machine_type="g2-standard-4", accelerator_type="NVIDIA_L4", accelerator_count=1)
    program = PythonModule(module="other.task", args=())
    spec = replace(
        spec,
        job_dir="/home/me/out",
        base_output_dir="gs://b/x",
        pools=(replace(chief, machine=l4, program=program), *others),
    )
    assert refused(mlengine, "mlengine", spec) == [
        "the job dir `/home/me/out` is on this machine, where ML Engine cannot write",
        "ML Engine has one folder for a job's output, not the job dir `/home/me/out` and the base output dir `gs://b/x`",
        "ML Engine has no `NVIDIA_L4`",
        "on ML Engine all roles run the same module with the same arguments",
    ]


def test_a_study_of_vertex_ai_is_translated_as_far_as_it_goes() -> None:
    spec = example("tuning")
    assert spec.study is not None
    stopping = replace(spec.study, extras={"convexAutomatedStoppingSpec": {}})
    assert refused(mlengine, "mlengine", replace(spec, study=stopping)) == []
    more = (*spec.study.metrics, Metric(name="loss", goal=Goal.MINIMIZE))
    study = replace(spec.study, metrics=more, extras={"measurementSelectionType": "BEST_MEASUREMENT"})
    assert refused(mlengine, "mlengine", replace(spec, study=study)) == [
        "`measurementSelectionType` has no meaning on the `mlengine` backend",
        "ML Engine compares trials by one metric, not by `accuracy`, `loss`",
    ]


def test_an_image_of_tensorflow_is_the_runtime_version_that_it_continues() -> None:
    spec = replace(example("cpu"), scale_tier=None)
    uri = "us-docker.pkg.dev/vertex-ai/training/tf-cpu.2-9:latest"
    program = PythonModule(module="trainer.task", args=(), image=uri)
    service = Service(buckets=[BUCKET], create=[OURS])
    pools = tuple(replace(pool, program=program, role=Role.CHIEF) for pool in spec.pools)
    carry_out(mlengine.submit(replace(spec, pools=pools), TARGET), service)
    assert (training(service)["runtimeVersion"], training(service)["pythonVersion"]) == ("2.9", "3.7")
    assert (training(service)["scaleTier"], training(service)["masterType"]) == ("CUSTOM", "standard")


def test_what_stands_beside_the_machines_is_sent() -> None:
    service = Service(buckets=[BUCKET], create=[OURS])
    spec = replace(
        example("cpu"),
        network="projects/1/global/networks/n",
        service_account="a@p.iam.gserviceaccount.com",
        kms_key="k",
        web_access=True,
        use_chief_in_tf_config=False,
        scheduling=Scheduling(timeout_s=1.5, max_wait_s=1800, priority=3),
    )
    carry_out(mlengine.submit(spec, TARGET), service)
    asked = training(service)
    assert asked["scheduling"] == {"maxRunningTime": "1.5s", "maxWaitTime": "1800s", "priority": 3}
    assert (asked["encryptionConfig"], asked["enableWebAccess"]) == ({"kmsKeyName": "k"}, True)
    assert (asked["network"], asked["serviceAccount"]) == (spec.network, spec.service_account)
    assert asked["useChiefInTfConfig"] is False


def test_a_base_output_dir_is_the_job_dir() -> None:
    spec = replace(example("cpu"), base_output_dir="gs://b/out")
    service = Service(buckets=[BUCKET], create=[OURS])
    carry_out(mlengine.submit(spec, TARGET), service)
    assert training(service)["jobDir"] == "gs://b/out"
    assert [note for note in features.notes(spec, mlengine) if "AIP_MODEL_DIR" in note]


FAILED: JsonObject = {
    "jobId": "first",
    "state": "FAILED",
    "createTime": "2018-08-18T08:58:12Z",
    "startTime": "2018-08-18T08:59:12Z",
    "endTime": "2018-08-18T09:00:12.123456789Z",
    "labels": {"team": "vision"},
    "errorMessage": "The replica master 0 exited with a non-zero status of 3. Termination reason: Error. \n"
    "Traceback (most recent call last):\n  [...]\nValueError: no\n\n"
    "To find out more about why your job exited please check the logs: https://console",
    "trainingInput": {"jobDir": "gs://out/x"},
}


def described(job: JsonObject) -> Status:
    return carry_out(mlengine.describe([JOB], TARGET), Service(get=[job]))[JOB]


def test_an_answer_becomes_a_status() -> None:
    status = described(FAILED)
    assert (status.handle, status.name, status.state) == (JOB, "first", State.FAILED)
    assert (status.cause, status.exit_code) == (Cause.EXIT_CODE, 3)
    assert status.traceback == "Traceback (most recent call last):\n  [...]\nValueError: no"
    assert status.created == datetime(2018, 8, 18, 8, 58, 12, tzinfo=UTC)
    assert (status.job_dir, status.labels) == ("gs://out/x", {"team": "vision"})
    assert status.links["console"] == "https://console.cloud.google.com/mlengine/jobs/first?project=my-project"
    assert "job_id%3D%22first%22" in status.links["log"]
    assert mlengine.links(JOB, TARGET) == status.links


def test_all_states_of_the_service_are_known() -> None:
    enum = discovery.schemas("ml.v1")["GoogleCloudMlV1__Job"]["properties"]["state"]["enum"]
    assert set(mlengine.STATES) == set(enum) - {"STATE_UNSPECIFIED"}
    assert described({**FAILED, "state": "SOMETHING_NEW"}).state is State.QUEUED


def test_trials_are_shown_as_on_the_other_backends() -> None:
    trial: JsonObject = {
        "trialId": "1",
        "state": "SUCCEEDED",
        "hyperparameters": {"rate": "0.1"},
        "finalMetric": {"objectiveValue": 0.9, "trainingStep": "10"},
    }
    output: JsonObject = {"hyperparameterMetricTag": "accuracy", "trials": [trial, {"trialId": "2", "state": "QUEUED"}]}
    assert described({**FAILED, "trainingOutput": output}).trials == (
        {"id": "1", "state": "SUCCEEDED", "parameters": {"rate": "0.1"}, "metrics": {"accuracy": 0.9}},
        {"id": "2", "state": "QUEUED", "parameters": {}, "metrics": {}},
    )


def test_several_jobs_are_looked_up_in_one_list() -> None:
    other = Handle("mlengine", "second")
    listed: list[Json] = [{"jobId": "second", "state": "RUNNING"}, FAILED, {"jobId": "third"}]
    service = Service(list=[{"jobs": listed, "nextPageToken": "t"}])
    found = carry_out(mlengine.describe([JOB, other], TARGET), service)
    assert [found[handle].state for handle in (JOB, other)] == [State.FAILED, State.RUNNING]
    assert service.calls() == ["jobs.list"]


def test_a_list_is_read_as_far_as_it_is_asked_for() -> None:
    pages: list[Json] = [{"jobs": [{"jobId": f"j{n}"}], "nextPageToken": "t"} for n in (3, 2)]
    service = Service(list=[*pages, {"jobs": [{"jobId": "j1"}]}])
    assert [status.name for status in carry_out(mlengine.list_jobs(TARGET, 2), service)] == ["j3", "j2"]
    assert service.calls() == ["jobs.list", "jobs.list"]


def test_an_id_is_a_job_of_the_target() -> None:
    handle = Handle("mlengine", "first")
    service = Service(get=[FAILED])
    assert carry_out(mlengine.describe([handle], TARGET), service)[handle].handle == handle
    assert service.requests("jobs.get") == [{"name": NAME}]
    with pytest.raises(UsageError, match="does not name a job of ML Engine"):
        carry_out(mlengine.describe([Handle("mlengine", "projects/p/locations/r/customJobs/1")], TARGET), Service())


def test_a_log_is_read_from_cloud_logging_until_the_last_words() -> None:
    line: JsonObject = {
        "insertId": "a",
        "timestamp": "2018-08-18T09:00:00Z",
        "severity": "INFO",
        "resource": {"type": "ml_job", "labels": {"job_id": "first", "task_name": "master-replica-0"}},
        "jsonPayload": {"message": "step 1"},
    }
    last: JsonObject = {
        **line,
        "insertId": "b",
        "jsonPayload": None,
        "textPayload": "Job failed.",
        "resource": {"type": "ml_job", "labels": {"task_name": "service"}},
    }
    service = Service(get=[FAILED], list=[{"entries": [line, last]}, {"entries": [last]}])
    page = carry_out(mlengine.logs(JOB, TARGET, "", 1.0), service)
    assert [(entry.replica, entry.message) for entry in page.entries] == [
        ("master-replica-0", "step 1"),
        ("service", "Job failed."),
    ]
    assert carry_out(mlengine.logs(JOB, TARGET, page.cursor, 1.0), service).ended
    query = cast(JsonObject, service.requests("entries.list")[0])
    assert query["filter"] == 'resource.type="ml_job" AND resource.labels.job_id="first"'


def test_cancel_is_one_call_and_there_is_no_delete() -> None:
    assert preview(mlengine.cancel(JOB, TARGET))[0] == [
        Call(api="ml", method="projects.jobs.cancel", request={"name": NAME}, changes=True)
    ]
    assert Feature.DELETION in mlengine.capabilities
    with pytest.raises(ServiceError, match="cannot be deleted: ML Engine keeps its jobs for good") as refusal:
        preview(mlengine.delete(JOB, TARGET))
    assert refusal.value.kind is ErrorKind.INVALID
