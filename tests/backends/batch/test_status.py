"""Which of the sources decides, for every pair of what they may say."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from submit.backends.batch import array_status, slurm
from submit.backends.batch.looking import Folder, folders
from submit.backends.batch.place import Place, Site
from submit.backends.batch.status import Answers, status
from submit.job import Cause, JsonObject, ReplicaStatus, State, Status

PLACE = Place(site=Site(host="", folder="~/.jobdir"), key="digits")
CREATED = datetime(2026, 11, 26, 7, tzinfo=UTC)
FOLDER = Folder(
    key="digits",
    job={"name": "digits", "replicas": {"workerpool0": 1}, "timeout_s": 60.0},
    created=CREATED,
    age_s=3600,
)
RUNS: JsonObject = {"replica": "workerpool0-0", "restart": 0, "state": "RUNNING", "started": 1795676449.0}
ENDED: JsonObject = {**RUNS, "state": "ENDED", "ended": 1795676455.0, "exit_code": 0, "cause": None, "why": None}
TOLD: JsonObject = {**ENDED, "exit_code": 143, "cause": "terminated", "why": "told", "message": "told to end"}


def seen(*records: JsonObject, queue: str = "", **folder: Any) -> Status:
    """`queue` is `STATE reason`, as Slurm has it."""
    word, _, reason = queue.partition(" ")
    answer = f"digits|7|{word}|{reason or 'None'}|{int(CREATED.timestamp())}|N/A|N/A\n" if queue else ""
    return status(replace(FOLDER, records=records, **folder), PLACE, "slurm", Answers(found=slurm.queued(answer)))


@pytest.mark.parametrize("queue", ["", "RUNNING", "COMPLETING", "COMPLETED", "FAILED NonZeroExitCode", "PENDING"])
def test_a_clear_record_is_all_that_is_needed(queue: str) -> None:
    assert seen(ENDED, queue=queue).state is State.SUCCEEDED
    failed = seen({**ENDED, "exit_code": 3, "cause": "exit code", "message": "status 3"}, queue=queue)
    assert (failed.state, failed.cause, failed.exit_code) == (State.FAILED, Cause.EXIT_CODE, 3)


def test_our_own_time_limit_is_in_the_record() -> None:
    found = seen({**TOLD, "why": "time-out"}, queue="FAILED NonZeroExitCode")
    assert (found.state, found.cause) == (State.FAILED, Cause.TIMEOUT)
    assert "60 s" in found.message


@pytest.mark.parametrize(
    ("queue", "state", "cause"),
    [
        ("TIMEOUT TimeLimit", State.FAILED, Cause.TIMEOUT),
        ("PREEMPTED", State.FAILED, Cause.PREEMPTED),
        ("CANCELLED", State.CANCELLED, Cause.CANCELLED),
        ("OUT_OF_MEMORY", State.FAILED, Cause.OUT_OF_MEMORY),
        ("NODE_FAIL NodeDown", State.FAILED, Cause.LOST),
        ("PENDING BeginTime", State.QUEUED, None),
        ("", State.FAILED, Cause.SIGNAL),
    ],
)
def test_why_it_was_told_to_end_the_scheduler_knows(queue: str, state: State, cause: Cause | None) -> None:
    found = seen(TOLD, queue=queue)
    assert (found.state, found.cause) == (state, cause)


@pytest.mark.parametrize("records", [(), (RUNS,), (TOLD,)])
@pytest.mark.parametrize("queue", ["", "CANCELLED", "COMPLETED", "FAILED NonZeroExitCode"])
def test_that_we_have_cancelled_is_never_forgotten(records: tuple[JsonObject, ...], queue: str) -> None:
    found = seen(*records, queue=queue, cancelled=True)
    assert (found.state, found.cause) == (State.CANCELLED, Cause.CANCELLED)


@pytest.mark.parametrize(("word", "cause"), [("TIMEOUT", Cause.TIMEOUT), ("NODE_FAIL", Cause.LOST)])
def test_what_had_ended_before_it_was_cancelled_has_its_own_cause(word: str, cause: Cause) -> None:
    """As elements do that had failed before the rest of their array was cancelled."""
    found = seen(TOLD, queue=word, cancelled=True)
    assert (found.state, found.cause) == (State.FAILED, cause)


def test_a_cancelled_job_that_is_still_there_is_ending() -> None:
    assert seen(RUNS, queue="COMPLETING", cancelled=True).state is State.CANCELLING


def test_a_job_that_was_too_quick_to_be_cancelled_has_succeeded() -> None:
    assert seen(ENDED, cancelled=True).state is State.SUCCEEDED


def test_a_job_that_nobody_knows_was_lost_or_is_not_there_yet() -> None:
    lost, never, young = seen(RUNS), seen(log="no such partition"), seen(age_s=1.0)
    assert (lost.state, lost.cause) == (State.FAILED, Cause.LOST)
    assert "its node was lost" in lost.message
    assert (never.state, never.cause) == (State.FAILED, Cause.LOST)
    assert "never run" in never.message
    assert "no such partition" in never.message
    assert (young.state, young.message) == (State.QUEUED, "It is being submitted.")


def test_what_accounting_is_yet_to_say_is_awaited_but_not_for_ever() -> None:
    """A site without it has nothing more to say."""
    young = replace(FOLDER, records=(TOLD,), created=datetime.fromtimestamp(1795676450.0, UTC), age_s=10.0)
    awaited = status(young, PLACE, "gridengine", Answers(is_accounted=True))
    assert (awaited.state, awaited.message) == (State.RUNNING, "It has ended; accounting is awaited, which says why.")
    for folder, answers in ((young, Answers()), (replace(young, age_s=60.0), Answers(is_accounted=True))):
        found = status(folder, PLACE, "gridengine", answers)
        assert (found.state, found.cause) == (State.FAILED, Cause.SIGNAL)


def test_one_that_waits_says_for_what_and_what_to_do() -> None:
    assert seen(queue="PENDING Resources").message == "It waits: Resources."
    stuck = seen(queue="PENDING PartitionNodeLimit")
    assert stuck.state is State.QUEUED
    assert "It will never start: cancel it, and ask for no more nodes" in stuck.message


@pytest.mark.parametrize("record", [RUNS, {**TOLD, "restart": 2}])
def test_replicas_of_a_job_that_waits_again_wait_as_well(record: JsonObject) -> None:
    """Whatever became of those of its last run."""
    (replica,) = seen(record, queue="PENDING BeginTime").replicas
    assert replica == ReplicaStatus(name="workerpool0-0", state=State.QUEUED, restarts=int(str(record["restart"])))


def test_completed_without_a_record_is_no_success() -> None:
    assert seen(queue="COMPLETED", age_s=5.0).state is State.RUNNING, "the record may be on its way"
    found = seen(queue="COMPLETED", log="cd: no such folder")
    assert (found.state, found.cause) == (State.FAILED, Cause.ENVIRONMENT)
    assert "cd: no such folder" in found.message


def test_a_failure_whose_record_is_on_its_way_is_not_told_without_its_cause() -> None:
    assert seen(RUNS, queue="FAILED NonZeroExitCode", age_s=5.0).state is State.RUNNING
    assert seen(RUNS, queue="FAILED NonZeroExitCode").state is State.FAILED
    assert seen(queue="FAILED", age_s=5.0).state is State.FAILED, "it never got as far as a record"


@pytest.mark.parametrize(("records", "state"), [((), State.QUEUED), ((RUNS,), State.RUNNING)])
def test_while_the_scheduler_is_away_the_last_that_is_known_is_told(
    records: tuple[JsonObject, ...], state: State
) -> None:
    found = status(replace(FOLDER, records=records), PLACE, "slurm", Answers(problem="connect failure"))
    assert found.state is state
    assert "connect failure" in found.message


def test_the_first_that_fails_decides_and_its_peers_do_not() -> None:
    worker: JsonObject = {**ENDED, "replica": "workerpool1-0", "exit_code": 9, "cause": "exit code", "message": "nine"}
    chief: JsonObject = {**TOLD, "why": "peer"}
    found = seen(chief, worker, job={**FOLDER.job, "replicas": {"workerpool0": 1, "workerpool1": 1}})
    assert (found.state, found.exit_code, found.message) == (State.FAILED, 9, "nine")
    assert [replica.state for replica in found.replicas] == [State.FAILED, State.FAILED]


ARRAY = replace(
    FOLDER,
    job={**FOLDER.job, "elements": 3, "job_dir": "/out"},
    elements=tuple(replace(FOLDER, key=f"digits.{number}") for number in (1, 2, 3)),
)
FAILED: JsonObject = {**ENDED, "exit_code": 3, "cause": "exit code", "message": "status 3"}


def array(*elements: JsonObject | str, cancelled: bool = False, more: JsonObject | None = None) -> Status:
    """Of each element its record, or what Slurm says of it."""
    queue = "".join(
        f"digits|7_{number}|{said}|None|1|N/A|N/A\n" for number, said in enumerate(elements, 1) if isinstance(said, str)
    )
    job = {**ARRAY.job, **(more or {})}
    folders = [
        replace(folder, job=job, records=() if isinstance(said, str) else (said,), cancelled=cancelled)
        for folder, said in zip(ARRAY.elements, elements, strict=True)
    ]
    folder = replace(ARRAY, job=job, elements=folders, cancelled=cancelled)
    return array_status.status(folder, PLACE, "slurm", Answers(found=slurm.queued(queue)))


@pytest.mark.parametrize(
    ("elements", "state"),
    [
        (("PENDING", "PENDING", "PENDING"), State.QUEUED),
        (("PENDING", "PENDING", "RUNNING"), State.PREPARING),
        ((ENDED, "PENDING", "PENDING"), State.RUNNING),
        ((ENDED, FAILED, "PENDING"), State.RUNNING),
        ((ENDED, ENDED, ENDED), State.SUCCEEDED),
        ((ENDED, FAILED, "CANCELLED"), State.FAILED),
        ((ENDED, ENDED, "CANCELLED"), State.CANCELLED),
    ],
)
def test_an_array_runs_until_its_last_element_has_ended(elements: tuple[JsonObject | str, ...], state: State) -> None:
    assert array(*elements).state is state


def test_an_array_says_how_many_have_failed_and_which() -> None:
    found = array(ENDED, FAILED, FAILED)
    assert found.message == "3 elements: 2 failed (2-3), 1 succeeded. Number 2: status 3"
    assert (found.cause, found.exit_code) == (Cause.EXIT_CODE, 3)
    assert [trial["state"] for trial in found.trials] == ["SUCCEEDED", "FAILED", "FAILED"]
    assert found.job_dir == "/out"


def test_an_array_that_waits_says_for_what() -> None:
    stuck = replace(slurm.queued("digits|7_1|PENDING|PartitionNodeLimit|1|N/A|N/A\n")["digits.1"], key="digits.1")
    waits = {f"digits.{number}": replace(stuck, key=f"digits.{number}") for number in (1, 2, 3)}
    found = array_status.status(ARRAY, PLACE, "slurm", Answers(found=waits))
    assert found.state is State.QUEUED
    assert found.message.startswith("It waits: PartitionNodeLimit. It will never start")
    assert array("PENDING", "PENDING", "PENDING").message == ""


def test_an_array_that_is_accounted_for_as_one_job_has_as_many_elements() -> None:
    whole = slurm.accounted("digits|1|CANCELLED by 0|None|1|1|1\n")
    found = array_status.status(ARRAY, PLACE, "slurm", Answers(found=whole))
    assert (found.state, found.message) == (State.CANCELLED, "3 elements: 3 cancelled.")


def test_what_is_left_to_wait_when_no_element_runs_says_for_what() -> None:
    held = slurm.queued("digits|7_3|PENDING|launch failed requeued held|1|N/A|N/A\n")
    ended = [replace(folder, records=(ENDED,)) for folder in ARRAY.elements[:2]]
    folder = replace(ARRAY, elements=(*ended, ARRAY.elements[2]))
    message = array_status.status(folder, PLACE, "slurm", Answers(found=held)).message
    assert message.startswith(
        "3 elements: 2 succeeded, 1 queued. Number 3: It waits: launch failed requeued held. No node"
    )
    assert "`scontrol release`" in message


def test_an_array_that_was_cancelled_as_a_whole_is_cancelled_whatever_failed_before() -> None:
    assert array(ENDED, FAILED, "CANCELLED", cancelled=True).state is State.CANCELLED
    assert array(ENDED, FAILED, "RUNNING", cancelled=True).state is State.CANCELLING


STUDY: JsonObject = {
    "metrics": [{"name": "accuracy", "goal": "MAXIMIZE"}],
    "parameters": [{"name": "x", "kind": "INTEGER", "minimum": 1, "maximum": 3}],
    "max_trials": 3,
    "max_failed_trials": 2,
}
POINTS: JsonObject = {"study": STUDY, "points": [{"x": "1"}, {"x": "2"}, {"x": "3"}]}


def reports(accuracy: float) -> JsonObject:
    return {**ENDED, "metrics": {"accuracy": accuracy, "global_step": 1.0}}


def study(*trials: JsonObject | str, cancelled: bool = False) -> Status:
    return array(*trials, cancelled=cancelled, more=POINTS)


def test_trials_are_compared_by_their_metric() -> None:
    found = study(reports(0.5), FAILED, reports(0.75))
    assert found.state is State.SUCCEEDED
    assert [(t["id"], t["state"], t["parameters"], t["metrics"]) for t in found.trials] == [
        ("3", "SUCCEEDED", {"x": "3"}, {"accuracy": 0.75}),
        ("1", "SUCCEEDED", {"x": "1"}, {"accuracy": 0.5}),
        ("2", "INFEASIBLE", {"x": "2"}, {}),
    ]
    assert found.message == "3 trials: 1 failed (2), 2 succeeded. Number 2: status 3"


def test_a_trial_without_its_metric_has_failed() -> None:
    found = study(ENDED, ENDED, ENDED)
    assert (found.state, found.cause, found.exit_code) == (State.FAILED, Cause.EXIT_CODE, 0)
    assert "The trainer reported no value of `accuracy`." in found.message


@pytest.mark.parametrize(
    ("trials", "state"),
    [
        ((reports(0.5), FAILED, FAILED), State.FAILED),
        ((reports(0.5), FAILED, "RUNNING"), State.RUNNING),
        ((reports(0.5), "CANCELLED", reports(0.5)), State.SUCCEEDED),
        (("CANCELLED", "CANCELLED", "CANCELLED"), State.CANCELLED),
    ],
)
def test_a_study_needs_a_result_and_not_too_many_failures(trials: tuple[JsonObject | str, ...], state: State) -> None:
    assert study(*trials).state is state


def test_trials_that_run_or_wait_are_told_apart() -> None:
    assert [trial["state"] for trial in study("RUNNING", "PENDING", reports(0.5)).trials] == [
        "SUCCEEDED",
        "ACTIVE",
        "REQUESTED",
    ]


def test_a_study_that_was_cancelled_has_no_result() -> None:
    assert study(reports(0.5), "CANCELLED", "CANCELLED", cancelled=True).state is State.CANCELLED


ANSWER = """\
now 1795676500
file 1795676440.5000000000 one/job.json
file 1795676441.0000000000 two/job.json
file 1795676450.0000000000 two/cancelled
one/job.json:{"name": "first"}
one/records/workerpool0-0.0.json:{"replica": "workerpool0-0", "restart": 0, "state": "ENDED"}
one/records/workerpool0-0.1.json:{"replica": "workerpool0-0", "restart": 1, "state": "RUNNING"}
two/job.json:{"name": "second"}
two/records/workerpool0-0.0.json:{"torn
==> one/cluster.log <==
slurmstepd: error: *** JOB 7 ON node1 CANCELLED AT 2026-11-26T07:00:00 ***
==> a line of a log that looks like a name <==
==> two/cluster.log <==
no
"""


def test_one_answer_has_all_that_the_folders_say() -> None:
    found = folders(ANSWER)
    assert list(found) == ["two", "one"], "the newest first"
    one, two = found["one"], found["two"]
    assert (one.job["name"], one.age_s, one.cancelled) == ("first", 59.5, False)
    assert [record["state"] for record in one.records] == ["RUNNING"], "an earlier run does not count"
    assert one.log.endswith("looks like a name <==")
    assert (two.cancelled, list(two.records), two.log) == (True, [], "no")


OF_AN_ARRAY = """\
now 1795676500
file 1795676440.5000000000 one/job.json
file 1795676450.0000000000 one/cancelled.2
one/job.json:{"name": "first", "elements": 3}
one/records/1.workerpool0-0.0.json:{"replica": "workerpool0-0", "restart": 0, "state": "ENDED"}
one/records/1.workerpool0-0.1.json:{"replica": "workerpool0-0", "restart": 1, "state": "RUNNING"}
one/records/3.workerpool0-0.0.json:{"replica": "workerpool0-0", "restart": 0, "state": "ENDED"}
==> one/cluster.1.log <==
slurmstepd: error
==> one/cluster.3.log <==
no
"""


def test_an_answer_has_what_each_element_of_an_array_says() -> None:
    whole = folders(OF_AN_ARRAY)["one"]
    assert [element.key for element in whole.units] == ["one.1", "one.2", "one.3"]
    assert [[record["state"] for record in element.records] for element in whole.elements] == [
        ["RUNNING"],
        [],
        ["ENDED"],
    ]
    assert [element.cancelled for element in (whole, *whole.elements)] == [False, False, True, False]
    assert [element.log for element in whole.elements] == ["slurmstepd: error", "", "no"]
    assert whole.unit(Place.of(PLACE.site, "one.3")) is whole.elements[2]
    assert whole.unit(Place.of(PLACE.site, "one.4")) is None


AGAIN: JsonObject = {**ENDED, "exit_code": 137, "cause": "exit code", "again": True, "message": "started again in 9 s"}


@pytest.mark.parametrize(
    ("queue", "state", "cause"),
    [
        ("RUNNING", State.PREPARING, None),
        ("TIMEOUT TimeLimit", State.FAILED, Cause.TIMEOUT),
        ("NODE_FAIL NodeDown", State.FAILED, Cause.LOST),
        ("CANCELLED", State.CANCELLED, Cause.CANCELLED),
        ("", State.FAILED, Cause.EXIT_CODE),
    ],
)
def test_a_trainer_that_is_to_begin_again_has_not_ended_the_job(queue: str, state: State, cause: Cause | None) -> None:
    found = seen(AGAIN, queue=queue)
    assert (found.state, found.cause) == (state, cause)


def test_while_it_pauses_its_record_says_why() -> None:
    assert seen(AGAIN, queue="RUNNING").message == "started again in 9 s"
    assert seen({**RUNS, "restart": 1}, queue="RUNNING").message == ""


@pytest.mark.parametrize(("word", "cause"), [("preempted", Cause.PREEMPTED), ("node_lost", Cause.LOST)])
def test_a_start_that_was_one_too_many_is_told_by_its_cause_and_not_counted(word: str, cause: Cause) -> None:
    refused = {**ENDED, "restart": 3, "restarts": 2, "exit_code": None, "cause": word, "message": "as often as"}
    found = seen(refused)
    assert (found.state, found.cause, found.message) == (State.FAILED, cause, "as often as")
    assert [replica.restarts for replica in found.replicas] == [2]
