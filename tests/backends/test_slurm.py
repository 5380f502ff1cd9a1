"""The slurm backend: its script is pinned, what the real programs print was recorded; nothing runs here."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from submit.backends import slurm
from submit.backends.batch import looking
from submit.backends.batch import slurm as dialect
from submit.backends.batch.place import Place
from submit.errors import CommandError, ErrorKind, RefusedError, ServiceError, UnansweredError, UsageError
from submit.job import (
    Cause,
    Goal,
    Handle,
    JobSpec,
    JsonObject,
    Machine,
    Metric,
    Package,
    Parameter,
    ParameterKind,
    Pool,
    PythonModule,
    Retry,
    Role,
    Scheduling,
    State,
    Study,
    Target,
)
from submit.steps import Call, Command, Reply, Step, Upload, carry_out, preview

TARGET = Target(backend="slurm", state_dir="/state", bucket_root="/state/buckets", region="us-central1")
TASK = PythonModule(module="trainer.task", args=("--arg=42", "it's"))
GPU = Machine(machine_type="n1-standard-8", accelerator_type="NVIDIA_TESLA_T4", accelerator_count=2)
ONE = JobSpec(
    name="digits_1_abcdefab",
    submission_id="abcdefab12345678",
    display_name="digits",
    pools=(Pool(role=Role.CHIEF, machine=Machine(machine_type="n1-standard-4"), program=TASK),),
    packages=(Package(filename="trainer-0.0.0.tar.gz", data=b"archive", digest="d1", files=()),),
)
SEVERAL = replace(
    ONE,
    pools=(
        Pool(role=Role.CHIEF, machine=GPU, program=TASK, env={"B": "pool"}),
        Pool(role=Role.WORKER, machine=GPU, replicas=2, program=TASK),
        Pool(role=Role.PARAMETER_SERVER, machine=Machine(machine_type="n1-highmem-4"), program=TASK),
    ),
    job_dir="/scratch/out",
    labels={"team": "vision"},
    env={"A": "job", "B": "job"},
    scheduling=Scheduling(timeout_s=3600, disable_retries=True),
    options={
        "host": "ann@login.example",
        "folder": "/scratch/ann",
        "python": "/opt/python/bin/python3",
        "partition": "gpu",
        "account": "vision",
        "qos": "high",
        "constraint": "a100&ib",
        "reservation": "spring",
        "gpu_type": "t4",
        "grace": 30,
        "directives": ["--exclusive", "--mail-type=END"],
    },
)
ARRAY = replace(SEVERAL, options={"array": "100%10"}, scheduling=Scheduling())
SIZE = Parameter(name="size", kind=ParameterKind.DISCRETE, values=(16.0, 32.0, 64.0))
STUDY = replace(
    ONE,
    study=Study(
        metrics=(Metric(name="accuracy", goal=Goal.MAXIMIZE),),
        parameters=(SIZE,),
        max_trials=12,
        parallel_trials=2,
        algorithm="GRID_SEARCH",
    ),
)
GOLDEN = Path(__file__).parent / "golden" / "slurm"


@pytest.mark.parametrize(("name", "spec"), [("one", ONE), ("several", SEVERAL), ("array", ARRAY), ("study", STUDY)])
def test_what_is_sent_is_what_stands_in_the_golden_files(name: str, spec: JobSpec) -> None:
    steps, _ = preview(slurm.submit(spec, TARGET))
    *uploads, command = steps
    files = {step.to.rpartition("/")[2]: step.data.decode() for step in uploads if isinstance(step, Upload)}
    assert isinstance(command, Command)
    assert command.argv == ("sbatch", "--parsable")
    assert command.stdin == (GOLDEN / f"{name}.sbatch").read_text()
    assert _without_digests(files["task.sh"]) == (GOLDEN / f"{name}.task.sh").read_text()
    job = json.loads(_without_digests(files["job.json"]))
    assert job == json.loads((GOLDEN / f"{name}.job.json").read_text())
    assert not {"env", "pools", "project"} & looked_at(files["job.json"]).keys()


def looked_at(text: str) -> JsonObject:
    """What `look` reads of a `job.json`."""
    first = text.splitlines()[0]
    found = looking.folders(f"now 1\nfile 1 digits/job.json\ndigits/job.json:{first}\n")["digits"].job
    assert found["replicas"]
    return found


def _without_digests(text: str) -> str:
    import re

    return re.sub(r"programs/[0-9a-f]{64}/", "programs/DIGEST/", text)


@pytest.mark.parametrize(
    ("retry", "directive"),
    [
        (Retry(), "--requeue"),
        (Retry(limit=3, on=("preempted", "node_lost")), "--requeue"),
        (Retry(limit=3, exit_codes=(137,)), "--no-requeue"),
    ],
)
def test_slurm_starts_a_job_again_unless_its_retries_are_for_other_causes(retry: Retry, directive: str) -> None:
    steps, _ = preview(slurm.submit(replace(ONE, retry=retry), TARGET))
    command = steps[-1]
    assert isinstance(command, Command)
    assert f"#SBATCH {directive}\n" in str(command.stdin)


def test_everything_goes_where_the_config_says() -> None:
    steps, handle = preview(slurm.submit(SEVERAL, TARGET))
    assert {step.host for step in steps if isinstance(step, Upload | Command)} == {"ann@login.example"}
    assert all(step.to.startswith("/scratch/ann/") for step in steps if isinstance(step, Upload))
    assert str(handle) == "slurm://ann%40login.example/scratch/ann/digits_1_abcdefab"
    again = Place.parse(Handle.parse(str(handle), default_backend="local"), TARGET)
    assert (again.site.host, again.site.folder, again.key) == ("ann@login.example", "/scratch/ann", "digits_1_abcdefab")


@pytest.mark.parametrize(
    ("variables", "handle"),
    [
        ({}, "slurm://digits_1_abcdefab"),
        ({"SUBMIT_SLURM_HOST": "login"}, "slurm://login/digits_1_abcdefab"),
        ({"SUBMIT_SLURM_FOLDER": "/scratch"}, "slurm:///scratch/digits_1_abcdefab"),
        ({"SUBMIT_SLURM_FOLDER": "~/jobs", "SUBMIT_SLURM_HOST": "h"}, "slurm://h/~/jobs/digits_1_abcdefab"),
    ],
)
def test_a_handle_leads_to_its_job_from_anywhere(variables: dict[str, str], handle: str) -> None:
    target = replace(TARGET, endpoints=variables)
    _, made = preview(slurm.submit(ONE, target))
    assert str(made) == handle
    place = Place.parse(Handle.parse(handle, default_backend="local"), TARGET)
    assert place.site.host == variables.get("SUBMIT_SLURM_HOST", "")
    assert place.site.folder == variables.get("SUBMIT_SLURM_FOLDER", "~/.jobdir")


@pytest.mark.parametrize(
    ("variables", "options"),
    [
        ({"SUBMIT_SLURM_FOLDER": "/scratch"}, {"folder": "~/.jobdir"}),
        ({"SUBMIT_SLURM_FOLDER": "/scratch"}, {"folder": "/scratch"}),
        ({"SUBMIT_SLURM_HOST": "login", "SUBMIT_SLURM_FOLDER": "/scratch"}, {"folder": "~/.jobdir"}),
    ],
)
def test_a_handle_leads_to_where_the_config_has_sent_its_job(
    variables: dict[str, str], options: dict[str, str]
) -> None:
    """Other jobs may go elsewhere by default."""
    target = replace(TARGET, endpoints=variables)
    _, handle = preview(slurm.submit(replace(ONE, options=options), target))
    place = Place.parse(handle, target)
    assert (place.site.host, place.site.folder) == (variables.get("SUBMIT_SLURM_HOST", ""), options["folder"])
    assert place.handle("slurm") == handle


def test_an_element_has_its_number_behind_the_key() -> None:
    handle = Handle.parse("slurm://login/scratch/ann/digits.7", default_backend="local")
    place = Place.parse(handle, TARGET)
    assert (place.site.folder, place.key, place.element, place.unit) == ("/scratch/ann", "digits", "7", "digits.7")
    assert place.handle("slurm") == handle


@pytest.mark.parametrize("name", ["digits.0", "digits.x", "digits.", "digits.1.2", "digits.-1", "digits.07"])
def test_what_is_no_number_of_an_element_names_nothing(name: str) -> None:
    with pytest.raises(UsageError, match="does not name a job"):
        Place.parse(Handle("slurm", name), TARGET)


def test_of_an_array_all_is_looked_at_again_when_one_element_has_ended_meanwhile() -> None:
    job = 'now 99\nfile 1 digits/job.json\ndigits/job.json:{"elements": 2}\n'
    records = [
        f'digits/records/{number}.workerpool0-0.0.json:{{"replica": "workerpool0-0", "restart": 0, "state": "{state}", '
        '"exit_code": 0, "cause": null}\n'
        for number, state in ((1, "ENDED"), (2, "RUNNING"), (2, "ENDED"))
    ]
    looks = [job + records[0] + records[1], job + records[0] + records[2]]
    asked: list[str] = []

    def cluster(step: Step) -> Reply:
        assert isinstance(step, Command)
        if "look" in step.argv:
            asked.append(step.stdin)
            return looks[len(asked) - 1]
        return "digits|7_2|COMPLETED|None|1|2|3\n"

    handle = Handle("slurm", "digits")
    found = carry_out(slurm.describe([handle], TARGET), cluster)[handle]
    assert (found.state, found.message) == (State.SUCCEEDED, "2 elements: 2 succeeded.")
    assert asked == ["digits\n", "digits\n"]


def test_a_cancellation_that_was_refused_leaves_no_mark_of_its_element() -> None:
    """It goes on, and is to look so."""
    removed: list[tuple[str, ...]] = []

    def cluster(step: Step) -> Reply:
        if isinstance(step, Upload):
            return None
        assert isinstance(step, Command)
        if "look" in step.argv:
            return 'now 1\ndigits/job.json:{"elements": 7}\n'
        if step.argv[0] == "rm":
            removed.append(step.argv)
            return ""
        raise CommandError("no", code=1, output="Access/permission denied")

    with pytest.raises(ServiceError) as caught:
        carry_out(slurm.cancel(Handle("slurm", "digits.7"), TARGET), cluster)
    assert caught.value.kind is ErrorKind.DENIED
    assert [argv[-1] for argv in removed] == [".jobdir/jobs/digits/cancelled.7"]


def test_a_name_that_a_user_gives_twice_names_two_jobs() -> None:
    named = replace(ONE, name="digits")
    handles = {preview(slurm.submit(spec, TARGET))[1] for spec in (named, replace(named, submission_id="b" * 16))}
    assert handles == {Handle("slurm", "digits-abcdefab"), Handle("slurm", "digits-bbbbbbbb")}


def test_the_queue_is_read_as_it_was_recorded() -> None:
    jobs = dialect.queued((Path(__file__).parent / "recorded" / "squeue.txt").read_text())
    seen = {key: (job.state, job.cause, job.reason) for key, job in jobs.items()}
    assert seen == {
        "runs": (State.RUNNING, None, ""),
        "waits": (State.QUEUED, None, "Resources"),
        "too_large": (State.QUEUED, None, "PartitionNodeLimit"),
        "done": (State.SUCCEEDED, None, ""),
        "exit_3": (State.FAILED, None, "NonZeroExitCode"),
        "too_long": (State.FAILED, Cause.TIMEOUT, "TimeLimit"),
        "cancelled": (State.CANCELLED, Cause.CANCELLED, ""),
        "cancelled_pending": (State.CANCELLED, Cause.CANCELLED, "PartitionNodeLimit"),
        "lost": (State.FAILED, Cause.LOST, "NodeDown"),
        "requeued": (State.QUEUED, None, "BeginTime"),
    }
    assert jobs["runs"].started == datetime.fromtimestamp(1795676779, UTC)
    assert "ask for no more nodes" in jobs["too_large"].stuck
    assert not jobs["waits"].stuck


def test_of_an_answer_about_all_jobs_only_those_that_were_asked_about_are_read() -> None:
    text = (Path(__file__).parent / "recorded" / "squeue_array.txt").read_text()
    assert set(dialect.queued(text, {"one"})) == {"one.1"}
    assert set(dialect.accounted(text, {"one"})) == {"one.1"}


def test_of_an_array_each_element_is_read_as_it_was_recorded() -> None:
    jobs = dialect.queued((Path(__file__).parent / "recorded" / "squeue_array.txt").read_text())
    assert {key: (job.state, job.reason) for key, job in jobs.items()} == {
        "arr.1": (State.FAILED, "NonZeroExitCode"),
        "arr.2": (State.SUCCEEDED, ""),
        "arr.3": (State.CANCELLED, ""),
        "arr.4": (State.QUEUED, "BeginTime"),
        "arr.5": (State.RUNNING, ""),
        "arr.6": (State.CANCELLED, "JobArrayTaskLimit"),
        "one.1": (State.RUNNING, ""),
    }


def test_a_study_and_an_array_do_not_go_together() -> None:
    with pytest.raises(UsageError, match="an array of its own") as caught:
        preview(slurm.submit(replace(STUDY, options={"array": "3"}), TARGET))
    assert "maxTrialCount" in caught.value.problems[0].hint


def test_elements_that_have_never_begun_stand_together_in_accounting() -> None:
    jobs = dialect.accounted((Path(__file__).parent / "recorded" / "sacct_array.txt").read_text())
    held = [job for key, job in jobs.items() if key.startswith("held.")]
    assert [job.key for job in held] == [f"held.{number}" for number in range(1, 100)]
    assert {job.state for job in held} == {State.CANCELLED}
    runs = {key: job.state for key, job in jobs.items() if key.startswith("runs.")}
    assert runs == {"runs.1": State.FAILED} | {f"runs.{n}": State.CANCELLED for n in (2, 3, 4)}


def test_an_array_beyond_the_sites_limit_is_told_with_what_to_do() -> None:
    text = "sbatch: error: Batch job submission failed: Invalid job array specification"
    cluster = Cluster(sbatch=[CommandError(text, code=1, output=text)])
    with pytest.raises(ServiceError, match="Invalid job array") as caught:
        carry_out(slurm.submit(ARRAY, TARGET), cluster)
    assert "MaxArraySize" in caught.value.problems[0].hint
    assert cluster.asked == ["sbatch", "rm"]


def test_the_queue_is_asked_for_an_array_whose_answer_was_lost_by_its_elements() -> None:
    sent = SENT.replace("}", ', "elements": 2}')
    cluster = Cluster(sbatch=[LOST], look=[sent], squeue=["digits_1_abcdefab|7_1|PENDING|None|1|N/A|N/A\n"])
    assert carry_out(slurm.submit(ARRAY, TARGET), cluster) == Handle("slurm", "digits_1_abcdefab")
    assert cluster.asked.count("sbatch") == 1


def test_a_dry_run_of_an_elements_cancellation_shows_what_would_be_done() -> None:
    steps, _ = preview(slurm.cancel(Handle("slurm", "digits.7"), TARGET))
    *_, mark, command = steps
    assert isinstance(mark, Upload)
    assert mark.to == "~/.jobdir/jobs/digits/cancelled.7"
    assert isinstance(command, Command)
    assert command.argv[-2:] == ("digits", "7")


def test_accounting_says_who_cancelled() -> None:
    jobs = dialect.accounted("a|7|CANCELLED by 0|None|1795676449|1795676450|1795676455\nb|8|TIMEOUT|None|1|2|3\n")
    assert (jobs["a"].state, jobs["a"].word) == (State.CANCELLED, "CANCELLED")
    assert (jobs["b"].state, jobs["b"].cause) == (State.FAILED, Cause.TIMEOUT)


class Cluster:
    """Answers commands by the first word that is scripted; a list is answered one after the other."""

    def __init__(self, **answers: list[str | Exception]) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def __call__(self, step: Step) -> Reply:
        if isinstance(step, Call | Upload):
            return {} if isinstance(step, Call) else None
        assert isinstance(step, Command)
        word = "look" if "look" in step.argv else next(w for w in step.argv if w != "env" and "=" not in w)
        self.asked.append(word)
        answers = self.answers.get(word, [""])
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


LOST = UnansweredError("sbatch has not answered", kind=ErrorKind.TRANSIENT)
REFUSED = CommandError("sbatch: invalid partition", code=1, output="invalid partition specified")
SENT = 'now 1\ndigits_1_abcdefab/job.json:{"submission_id": "abcdefab12345678"}\n'
IN_QUEUE = "digits_1_abcdefab|7|PENDING|None|1|N/A|N/A\n"


def test_a_lost_answer_is_looked_for_in_the_queue_and_nothing_is_sent_twice() -> None:
    cluster = Cluster(sbatch=[LOST], look=[SENT], squeue=["", IN_QUEUE])
    assert carry_out(slurm.submit(ONE, TARGET), cluster) == Handle("slurm", "digits_1_abcdefab")
    assert cluster.asked.count("sbatch") == 1


def test_a_submission_without_a_trace_is_left_to_recovery() -> None:
    cluster = Cluster(sbatch=[LOST], look=[SENT])
    with pytest.raises(UnansweredError, match="no job has come of it so far"):
        carry_out(slurm.submit(ONE, TARGET), cluster)
    assert cluster.asked.count("sbatch") == 1
    assert "rm" not in cluster.asked


def test_a_scheduler_that_is_away_does_not_say_that_there_is_no_job() -> None:
    """Who believed it would submit the job again."""
    text = "slurm_load_jobs error: Unable to contact slurm controller (connect failure)"
    away = CommandError(text, code=1, output=text)
    with pytest.raises(ServiceError, match="the scheduler is away") as caught:
        carry_out(
            slurm.find(ONE.submission_id, "slurm://digits_1_abcdefab", TARGET), Cluster(look=[SENT], squeue=[away])
        )
    assert caught.value.kind is ErrorKind.TRANSIENT
    cluster = Cluster(sbatch=[LOST], look=[SENT], squeue=[away, away, IN_QUEUE])
    assert carry_out(slurm.submit(ONE, TARGET), cluster) == Handle("slurm", "digits_1_abcdefab")


def test_a_site_whose_sbatch_says_something_else_gets_its_job_all_the_same() -> None:
    cluster = Cluster(sbatch=["your job is on its way\n"], look=[SENT], squeue=[IN_QUEUE])
    assert carry_out(slurm.submit(ONE, TARGET), cluster) == Handle("slurm", "digits_1_abcdefab")
    with pytest.raises(UnansweredError, match="cannot be read: no; no job has come of it so far"):
        carry_out(slurm.submit(ONE, TARGET), Cluster(sbatch=["no\n"], look=[SENT]))


def test_a_refused_submission_leaves_nothing_behind() -> None:
    cluster = Cluster(sbatch=[REFUSED])
    with pytest.raises(RefusedError, match="invalid partition") as caught:
        carry_out(slurm.submit(ONE, TARGET), cluster)
    assert caught.value.kind is ErrorKind.INVALID
    assert "`submit.slurm.partition`" in caught.value.problems[0].hint
    assert cluster.asked == ["sbatch", "rm"]


def test_a_controller_that_is_away_was_never_reached_and_nothing_is_left_behind() -> None:
    text = "sbatch: error: Batch job submission failed: Unable to contact slurm controller (connect failure)"
    cluster = Cluster(sbatch=[CommandError(text, code=1, output=text)])
    with pytest.raises(RefusedError, match="connect failure"):
        carry_out(slurm.submit(ONE, TARGET), cluster)
    assert cluster.asked == ["sbatch", "rm"]


def test_an_answer_that_was_cut_off_is_lost_and_no_refusal() -> None:
    """As `sbatch` says it when the controller has taken the job and has gone before it said so."""
    text = "sbatch: error: Batch job submission failed: Zero Bytes were transmitted or received"
    cluster = Cluster(sbatch=[CommandError(text, code=1, output=text)], look=[SENT], squeue=["", IN_QUEUE])
    assert carry_out(slurm.submit(ONE, TARGET), cluster) == Handle("slurm", "digits_1_abcdefab")
    assert "rm" not in cluster.asked


def test_of_an_element_that_runs_again_the_queue_is_believed_and_not_accounting() -> None:
    """That still has how the run before ended."""
    sent = 'now 1\nfile 1 digits/job.json\ndigits/job.json:{"elements": 2}\n'
    forgotten, ended = "digits|7_1|CANCELLED|None|1|2|3\n", "digits|7_2|PREEMPTED|None|1|2|3\n"
    cluster = Cluster(look=[sent], squeue=["digits|7_2|PENDING|BeginTime|1|N/A|N/A\n"], sacct=[forgotten + ended])
    handle = Handle("slurm", "digits")
    found = carry_out(slurm.describe([handle], TARGET), cluster)[handle]
    assert [trial["state"] for trial in found.trials] == ["CANCELLED", "QUEUED"]


def test_a_folder_in_which_replicas_still_write_is_not_removed() -> None:
    ended = '{"replica": "workerpool0-0", "restart": 0, "state": "ENDED", "exit_code": 0, "cause": null}'
    look = f"now 1\ndigits/job.json:{{}}\ndigits/records/workerpool0-0.0.json:{ended}\n"
    cluster = Cluster(look=[look], squeue=["digits|7|COMPLETING|None|1|2|3\n"])
    with pytest.raises(ServiceError, match="has ended, but not all of its replicas have") as caught:
        carry_out(slurm.delete(Handle("slurm", "digits"), TARGET), cluster)
    assert "`submit jobs cancel slurm://digits`" in caught.value.problems[0].hint
    assert "rm" not in cluster.asked


def test_a_job_that_ends_between_both_looks_has_its_own_cause() -> None:
    job = 'now 9\nfile 1 digits_1_abcdefab/job.json\ndigits_1_abcdefab/job.json:{"replicas": {}}\n'
    record = 'digits_1_abcdefab/records/workerpool0-0.0.json:{"replica": "workerpool0-0", "restart": 0, '
    runs = f'{job}{record}"state": "RUNNING"}}\n'
    ended = f'{job}{record}"state": "ENDED", "exit_code": 3, "cause": "exit code"}}\n'
    handle = Handle("slurm", "digits_1_abcdefab")
    cluster = Cluster(look=[runs, ended], squeue=["digits_1_abcdefab|7|FAILED|NonZeroExitCode|1|2|3\n"])
    found = carry_out(slurm.describe([handle], TARGET), cluster)[handle]
    assert (found.state, found.cause, found.exit_code) == (State.FAILED, Cause.EXIT_CODE, 3)
    assert cluster.asked == ["look", "squeue", "look"]
