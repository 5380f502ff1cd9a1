"""The local backend: what it sends is pinned, what it reads is scripted; nothing runs here."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from submit.backends import local
from submit.job import (
    Cause,
    Goal,
    Handle,
    JobSpec,
    Json,
    JsonObject,
    LogEntry,
    Machine,
    Metric,
    Package,
    Parameter,
    ParameterKind,
    Pool,
    PythonModule,
    Role,
    Scale,
    Scheduling,
    State,
    Study,
    Target,
)
from submit.steps import Call, Read, Reply, Step, Upload, carry_out, preview

TARGET = Target(backend="local", state_dir="/state", bucket_root="/state/buckets", region="us-central1")
PACKAGE = Package(filename="trainer-0.0.0.tar.gz", data=b"archive", digest="d1", files=())
TASK = PythonModule(module="trainer.task", args=("--arg=42",))
CHIEF = Pool(role=Role.CHIEF, machine=Machine(machine_type="n1-standard-4"), program=TASK, env={"B": "pool"})
SPEC = JobSpec(
    name="first",
    submission_id="s1",
    display_name="digits",
    pools=(CHIEF, Pool(role=Role.WORKER, machine=CHIEF.machine, replicas=2, program=TASK)),
    packages=(PACKAGE,),
    labels={"team": "vision"},
    env={"A": "job", "B": "job"},
    scheduling=Scheduling(timeout_s=60),
    options={"memory": "2GiB", "grace": 5},
    hourly_usd=0.5,
    priced_as="3 × n1-standard-4",
    study=Study(
        metrics=(Metric(name="accuracy", goal=Goal.MAXIMIZE),),
        parameters=(Parameter(name="lr", kind=ParameterKind.DOUBLE, minimum=0.001, maximum=0.1, scale=Scale.LOG),),
        max_trials=4,
        parallel_trials=2,
    ),
)
GOLDEN = Path(__file__).parent / "golden"


def test_a_submission_is_an_upload_and_one_call() -> None:
    steps, handle = preview(local.submit(SPEC, TARGET))

    assert handle == Handle("local", "first")
    assert steps[0] == Upload(data=b"archive", to="/state/staging/d1/trainer-0.0.0.tar.gz", digest="d1")
    call = steps[1]
    assert isinstance(call, Call)
    assert (call.api, call.method, call.changes) == ("engine", "jobs.create", True)
    assert call.request == json.loads((GOLDEN / "local_job.json").read_text())


def test_a_staging_bucket_is_a_folder() -> None:
    target = Target(backend="local", state_dir="/s", bucket_root="/b", staging_bucket="gs://team/stage/")
    upload = preview(local.submit(SPEC, target))[0][0]
    assert isinstance(upload, Upload)
    assert upload.to == "/b/team/stage/d1/trainer-0.0.0.tar.gz"


RECORD: JsonObject = {
    "id": "first",
    "display_name": "digits",
    "state": "FAILED",
    "message": "The replica workerpool0-0 exited with a non-zero status of 3.",
    "cause": "exit code",
    "exit_code": 3,
    "create_time": "2026-11-21T03:33:37.123456789Z",
    "start_time": None,
    "end_time": "2026-11-21T03:34:00Z",
    "replicas": [{"name": "workerpool0-0", "state": "FAILED", "exit_code": 3, "restarts": 1}],
    "job_dir": "/out",
    "log": "/state/log.jsonl",
    "client": {"hourly_usd": 0.5, "priced_as": "3 × n1-standard-4"},
}


def test_an_answer_of_the_engine_becomes_a_status() -> None:
    handle = Handle("local", "first")
    status = carry_out(local.describe([handle], TARGET), lambda _: [RECORD])[handle]

    assert (status.name, status.state, status.cause, status.exit_code) == ("digits", State.FAILED, Cause.EXIT_CODE, 3)
    assert status.created == datetime(2026, 11, 21, 3, 33, 37, 123456, UTC)
    assert status.started is None
    assert [(r.name, r.restarts, r.cpu_s) for r in status.replicas] == [("workerpool0-0", 1, None)]
    assert (status.job_dir, status.links) == ("/out", {"log": "/state/log.jsonl"})
    assert (status.hourly_usd, status.priced_as) == (0.5, "3 × n1-standard-4")


def test_a_job_dir_in_a_bucket_is_shown_with_its_folder() -> None:
    reply: list[Json] = [{**RECORD, "job_dir": "gs://team/out"}]
    (status,) = carry_out(local.list_jobs(TARGET, 10), lambda _: reply)
    assert status.links["folder"] == "/state/buckets/team/out"


def test_a_page_of_the_log_continues_where_the_last_one_ended() -> None:
    asked: list[Step] = []
    line = {
        "time": "2026-11-21T03:33:37.5Z",
        "severity": "WARNING",
        "replica": "workerpool0-0",
        "message": "slow",
        "id": "workerpool0-0.0.1",
        "stream": "stderr",
        "trial": "2",
        "fields": {"step": 3},
    }

    def perform(step: Step) -> Reply:
        asked.append(step)
        return {"data": json.dumps(line) + "\n", "position": 180, "ended": True}

    page = carry_out(local.logs(Handle("local", "first"), TARGET, "90", 0.5), perform)

    assert asked == [Read(source="first", position=90, wait_s=0.5)]
    assert (page.cursor, page.ended) == ("180", True)
    assert page.entries == [
        LogEntry(
            timestamp="2026-11-21T03:33:37.500000000Z",
            severity="WARNING",
            replica="workerpool0-0",
            message="slow",
            insert_id="workerpool0-0.0.1",
            stream="stderr",
            trial="2",
            fields={"step": 3},
        ),
    ]


def test_a_line_that_a_crash_left_torn_is_shown_not_lost() -> None:
    page = carry_out(
        local.logs(Handle("local", "first"), TARGET, "", 0.0),
        lambda _: {"data": '{"time": "2026-1\n', "position": 17, "ended": False},
    )
    assert [(entry.message, entry.severity) for entry in page.entries] == [('{"time": "2026-1', "DEFAULT")]


def test_cancel_and_delete_are_calls_that_change_something() -> None:
    handle = Handle("local", "first")
    assert preview(local.cancel(handle, TARGET))[0] == [
        Call(api="engine", method="jobs.cancel", request={"ids": ["first"]}, changes=True)
    ]
    assert preview(local.delete(handle, TARGET))[0] == [
        Call(api="engine", method="jobs.delete", request={"ids": ["first"]}, changes=True)
    ]


def test_its_options_are_those_that_a_config_may_have() -> None:
    """Each of `submit: {local: …}` is honoured here, and each that is honoured can be written."""
    section = json.loads((Path(local.__file__).parents[1] / "config" / "data" / "submit.json").read_text())
    assert set(local.options) == set(section["messages"]["Local"]["fields"])
