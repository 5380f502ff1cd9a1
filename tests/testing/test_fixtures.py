"""A user's own project, whose tests use `submit.testing`, run by pytest in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.project import Project, alive, wait_until

TESTS = """
    import os, subprocess, sys

    import pytest
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import storage

    import submit


    def test_a_job_is_run_and_its_model_saved(emulator):
        bucket = emulator.bucket()
        job = submit.train(backend="vertex", staging_bucket=str(bucket), job_dir=f"{bucket}/out", args=["--arg=42"])
        ended = emulator.wait(job)
        assert (ended.state, ended.error) == ("SUCCEEDED", "")
        blob = storage.Client(credentials=AnonymousCredentials()).bucket(bucket.name).blob("out/model")
        assert blob.download_as_text() == "42"
        assert (bucket.path / "out" / "model").read_text() == "42"


    def test_a_job_that_fails_says_why(emulator):
        job = submit.train(backend="vertex", staging_bucket=str(emulator.bucket()), args=["--arg=3"])
        ended = emulator.wait(job)
        assert ended.state == "FAILED"
        assert "non-zero status of 3" in ended.error


    def test_a_project_of_its_own_has_no_jobs_yet(emulator, emulator_project):
        assert len(emulator.jobs()) == 2
        assert emulator_project.jobs() == []
        submit.train(backend="vertex", staging_bucket=str(emulator_project.bucket()), args=["--arg=60"])
        assert [job.has_ended for job in emulator_project.jobs()] == [False]
        os.environ["JOBS"] = emulator_project.project


    def test_what_a_test_leaves_is_cancelled_behind_it(emulator):
        assert [job.state for job in emulator.in_project(os.environ["JOBS"]).jobs()] == ["CANCELLED"]
        assert os.environ["GOOGLE_CLOUD_PROJECT"] == emulator.project


    def test_children_find_it_too(emulator):
        line = "import os; print(os.environ['STORAGE_EMULATOR_HOST'])"
        assert subprocess.check_output([sys.executable, "-c", line], text=True).strip() == emulator.url


    def test_unknown_jobs_and_buckets_that_cannot_be(emulator):
        with pytest.raises(KeyError):
            emulator.job("projects/p/locations/us-central1/customJobs/1")
        with pytest.raises(ValueError, match="bucket"):
            emulator.bucket("UPPER")
        assert emulator.bucket("twice") == emulator.bucket("twice")


    def test_the_cloud_may_have_a_bad_day(emulator):
        emulator.fault("storage.buckets.insert", 503, count=2)
        for _ in range(2):
            with pytest.raises(ValueError, match="currently unavailable"):
                emulator.bucket()
        bucket = emulator.bucket()
        emulator.fault("*", "hang", count=0)
        emulator.clear_faults()
        with pytest.raises(ValueError, match="is not an answer"):
            emulator.fault("*", "rest")
        emulator.capacity(quotas={"us-central1": {"cpus": 1}})
        with pytest.raises(submit.errors.ServiceError, match="custom_model_training_cpus"):
            submit.train(backend="vertex", staging_bucket=str(bucket), args=["--arg=42"])
        emulator.capacity(quotas=None)


    def test_a_preempted_job_begins_again(emulator):
        job = submit.train(backend="vertex", staging_bucket=str(emulator.bucket()), args=["--arg=60"])
        with pytest.raises(ValueError, match="there is no job"):
            emulator.preempt("projects/p/locations/us-central1/customJobs/1")
        while not any("is running" in entry.message for entry in job.logs(follow=False)):
            pass
        emulator.preempt(job)
        while not any("is restarted on other machines" in entry.message for entry in job.logs(follow=False)):
            pass
        job.cancel()
        assert emulator.wait(job).state == "CANCELLED"


    def test_a_lost_answer_does_not_cost_twice(emulator_reset):
        emulator_reset.fault("aiplatform.customJobs.create", "reset-after")
        submit.train(backend="vertex", staging_bucket=str(emulator_reset.bucket()))
        assert len(emulator_reset.jobs()) == 1


    def test_a_reset_emulator_knows_nothing(emulator_reset):
        assert emulator_reset.jobs() == []
        assert list((emulator_reset.data / "buckets").glob("bucket-*")) == []


    def test_nothing_is_left(emulator):
        with open("data", "w") as file:
            file.write(f"{emulator.data}\\n{emulator.endpoints.pid}")
"""

TRAINER = """
    if options.arg == 42:
        folder = pathlib.Path(os.environ["GCS_ROOT"], options.job_dir[5:])
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "model").write_text("42")
    elif options.arg == 60:
        time.sleep(60)
    else:
        sys.exit(options.arg)
"""


@pytest.fixture
def tested(project: Project) -> Project:
    """A project with a trainer and tests."""
    project.trainer(TRAINER)
    project.write("tests/conftest.py", 'pytest_plugins = ["submit.testing"]\n')
    return project


def run_pytest(project: Project) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "pytest", "-W", "error", "-p", "no:cacheprovider", "tests", "-q"]
    return subprocess.run(
        argv, cwd=project.folder, env=project.environ, capture_output=True, text=True, check=False, timeout=180
    )


def test_a_users_tests_submit_jobs_which_really_run(tested: Project) -> None:
    tested.write("tests/test_training.py", TESTS)
    done = run_pytest(tested)
    assert done.returncode == 0, done.stdout + done.stderr
    data, pid = (tested.folder / "data").read_text().split()
    assert not Path(data).exists()
    assert not alive(int(pid))
    assert not list(Path(tested.environ["SUBMIT_STATE_DIR"]).glob("*"))


def test_it_ends_with_the_process_that_started_it_even_if_that_was_killed(tested: Project) -> None:
    program = """
        import json, sys, time

        import submit
        import submit.testing

        with submit.testing.emulator(concurrency=1) as google:
            job = submit.train(backend="vertex", staging_bucket=str(google.bucket()), args=["--arg=60"])
            while google.job(job).state != "RUNNING":
                time.sleep(0.05)
            print(json.dumps([google.endpoints.pid, str(google.data)]), flush=True)
            time.sleep(60)
    """
    argv = [sys.executable, str(tested.write("killed.py", program))]
    with subprocess.Popen(argv, cwd=tested.folder, env=tested.environ, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout
        pid, data = json.loads(child.stdout.readline())
        os.kill(child.pid, signal.SIGKILL)
    wait_until(lambda: not alive(pid))
    wait_until(lambda: not _marked(data))
    assert not Path(data).exists()


def test_jobs_end_with_the_block(tested: Project) -> None:
    program = """
        import time

        import submit
        import submit.testing

        with submit.testing.emulator(concurrency=1) as google:
            job = submit.train(backend="vertex", staging_bucket=str(google.bucket()), args=["--arg=60"])
            while google.job(job).state != "RUNNING":
                time.sleep(0.05)
            print(google.data)
    """
    argv = [sys.executable, str(tested.write("left.py", program))]
    data = subprocess.check_output(argv, cwd=tested.folder, env=tested.environ, text=True).strip()
    wait_until(lambda: not _marked(data))
    assert not Path(data).exists()


def _marked(data: str) -> list[str]:
    """Processes of jobs of that emulator, by the variable that each of them has."""
    mark = f"JOBDIR_TASK={data}/".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (entry / "environ").read_bytes():
                found.append(entry.name)
        except OSError:
            continue
    return found
