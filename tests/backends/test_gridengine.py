"""The gridengine backend: its script is pinned, what the real programs print was recorded; nothing runs here."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from submit.backends import gridengine
from submit.backends.batch import gridengine as dialect
from submit.backends.batch import request
from submit.backends.batch.dialect import BatchJob
from submit.backends.batch.place import Site
from submit.errors import UsageError
from submit.job import Cause, JobSpec, Machine, Package, Pool, PythonModule, Retry, Role, Scheduling, State, Target
from submit.steps import Command, Upload, preview

TARGET = Target(backend="gridengine", state_dir="/state", bucket_root="/state/buckets", region="us-central1")
TASK = PythonModule(module="trainer.task", args=("--arg=42",))
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
        Pool(role=Role.CHIEF, machine=GPU, program=TASK),
        Pool(role=Role.WORKER, machine=GPU, replicas=2, program=TASK),
    ),
    scheduling=Scheduling(timeout_s=3600, disable_retries=True),
    options={
        "host": "ann@login.example",
        "folder": "/scratch/ann",
        "python": "/opt/python/bin/python3",
        "queue": "gpu.q",
        "project": "vision",
        "mpi": "orte",
        "gpu_resource": "ngpus",
        "gpus_per_host": 4,
        "memory_resource": "h_vmem",
        "directives": ["-m e", "-l arch=lx-amd64"],
    },
)
ARRAY = replace(SEVERAL, options={"array": "100%10"}, scheduling=Scheduling())
HERE = Path(__file__).parent
GOLDEN, RECORDED = HERE / "golden" / "gridengine", HERE / "recorded" / "gridengine"


@pytest.mark.parametrize(("name", "spec"), [("one", ONE), ("several", SEVERAL), ("array", ARRAY)])
def test_what_is_sent_is_what_stands_in_the_golden_files(name: str, spec: JobSpec) -> None:
    steps, _ = preview(gridengine.submit(spec, TARGET))
    *uploads, command = steps
    assert isinstance(command, Command)
    assert command.argv == ("qsub", "-terse", "-w", "e")
    assert command.stdin == (GOLDEN / f"{name}.qsub").read_text()
    files = {step.to.rpartition("/")[2]: step.data.decode() for step in uploads if isinstance(step, Upload)}
    lines = dialect.task(job_of(spec))
    assert lines in files["task.sh"]
    assert f"{lines}\n" == (GOLDEN / f"{name}.task.sh").read_text()


def test_a_replica_that_finds_no_devices_ends_the_others(tmp_path: Path) -> None:
    """They would wait for it, and keep their slots."""
    spec = replace(SEVERAL, options={**SEVERAL.options, "gpus_per_host": 1})
    script = tmp_path / "task.sh"
    script.write_text(request.task_script(spec, Site.of("gridengine", TARGET, spec.options), dialect))
    env = {"PATH": os.environ["PATH"], "JOBDIR_GPUS": str(tmp_path / "gpus")}
    done = subprocess.run(["sh", script, "1", "0", "12", "host"], env=env, capture_output=True, text=True, check=False)
    assert done.stderr.startswith("there are no 2 free GPUs on ")
    assert (done.returncode, (tmp_path / "stop.0").read_text()) == (127, "1\n")


def job_of(spec: JobSpec) -> BatchJob:
    return request.batch_job(spec, Site.of("gridengine", TARGET, spec.options))


def test_the_queue_is_read_as_it_was_recorded() -> None:
    jobs = dialect.queued((RECORDED / "qstat.txt").read_text())
    assert {key: (job.state, job.word, job.cause) for key, job in jobs.items()} == {
        "demo_run-13": (State.RUNNING, "r", None),
        "demo_leaving-15": (State.CANCELLING, "dr", None),
        "demo_chdir-2": (State.FAILED, "Eqw", Cause.ENVIRONMENT),
        "demo_out-3": (State.FAILED, "Eqw", Cause.ENVIRONMENT),
        "demo_hundred-9": (State.FAILED, "Eqw", Cause.ENVIRONMENT),
        "demo_need-11": (State.QUEUED, "qw", None),
        "demo_held-14": (State.QUEUED, "hqw", None),
    }
    assert jobs["demo_run-13"].started == datetime(2026, 11, 26, 7, 18, 47, tzinfo=UTC)
    assert jobs["demo_need-11"].reason == 'cannot run in PE "smp" because it only offers 0 slots'


def test_of_an_answer_about_all_jobs_only_those_that_were_asked_about_are_read() -> None:
    text = (RECORDED / "qstat_array.txt").read_text()
    assert {key.partition(".")[0] for key in dialect.queued(text, {"tc"})} == {"tc"}
    assert not dialect.accounted((RECORDED / "qacct_array.txt").read_text(), {"tc"})


def test_of_an_array_each_element_is_read_as_it_was_recorded() -> None:
    jobs = dialect.queued((RECORDED / "qstat_array.txt").read_text())
    held = [key for key, job in jobs.items() if job.word == "hqw"]
    assert held == [f"held.{number}" for number in (1, 2, 4, 5, 8, 10, 12)]
    running = {key: job.started for key, job in jobs.items() if job.state is State.RUNNING}
    assert running == {
        "tc.2": datetime(2026, 11, 26, 9, 32, 12, tzinfo=UTC),
        "tc.3": datetime(2026, 11, 26, 9, 32, 14, tzinfo=UTC),
    }
    assert jobs["tc.9"].reason == "not all array tasks may be started due to 'max_aj_instances'"


def test_accounting_has_a_block_for_each_element() -> None:
    jobs = dialect.accounted((RECORDED / "qacct_array.txt").read_text())
    assert {key: (job.state, job.word) for key, job in jobs.items()} == {
        "arr.1": (State.FAILED, "exit_status 3"),
        "arr.2": (State.SUCCEEDED, "exit_status 0"),
        "arr.3": (State.FAILED, "failed 100"),
    }


def test_an_element_in_error_is_not_the_reason_of_the_others() -> None:
    text = (RECORDED / "qstat_array.txt").read_text()
    more = "error reason          2:      11/26/2026 07:12:08 [0:5315]: error: can't chdir to /nowhere\n"
    jobs = dialect.queued(
        text.replace("job_name:                   held\n", f"job_name:                   held\n{more}")
    )
    assert jobs["held.2"].reason == "can't chdir to /nowhere"
    assert jobs["held.1"].reason == "Job is in hold state"


def test_more_elements_than_the_site_takes_are_told_with_what_to_do() -> None:
    words = "Unable to run job: job rejected: you tried to submit a job with more than 75000 tasks\nExiting."
    assert "max_aj_tasks" in dialect.advice(words)


def test_one_element_is_deleted_alone() -> None:
    assert dialect.cancellation("digits", "7")[-3:] == ("digits", "-t", "7")
    assert dialect.cancellation("digits")[-1] == "digits"


def test_a_job_in_error_says_why_and_what_to_do() -> None:
    jobs = dialect.queued((RECORDED / "qstat.txt").read_text())
    assert jobs["demo_chdir-2"].reason == (
        "can't chdir to /nowhere: No such file or directory; "
        "it stays in the queue: `qdel 2`, or `qmod -cj 2` when the cause is gone"
    )


def test_accounting_is_read_as_it_was_recorded() -> None:
    jobs = dialect.accounted((RECORDED / "qacct.txt").read_text())
    assert {key: (job.state, job.word, job.cause) for key, job in jobs.items()} == {
        "demo_ok-1": (State.SUCCEEDED, "exit_status 0", None),
        "demo_exit-7": (State.FAILED, "exit_status 3", None),
        "demo_limit-6": (State.FAILED, "failed 37", Cause.TIMEOUT),
        "demo_run-4": (State.FAILED, "failed 100", Cause.SIGNAL),
        "demo_more-12": (State.SUCCEEDED, "exit_status 0", None),
        "demo_again-8": (State.SUCCEEDED, "exit_status 0", None),
        "demo_pe-10": (State.SUCCEEDED, "exit_status 0", None),
    }
    assert jobs["demo_limit-6"].reason == "qmaster enforced h_rt, h_cpu, or h_vmem limit"
    assert jobs["demo_run-4"].ended == datetime(2026, 11, 26, 7, 12, 37, tzinfo=UTC)


def test_retries_that_grid_engine_cannot_tell_apart_are_refused() -> None:
    with pytest.raises(UsageError, match="does not say whether a job was preempted or its host was lost") as caught:
        preview(gridengine.submit(replace(ONE, retry=Retry(limit=1, on=("preempted",))), TARGET))
    assert "Name both" in caught.value.problems[0].hint
    preview(gridengine.submit(replace(ONE, retry=Retry(limit=1, on=("preempted", "node_lost"))), TARGET))
