"""The client's `vertex` backend against the emulator: the requests of the cloud, and jobs that really run."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.project import Project, wait_until

VERTEX = ("--backend", "vertex", "--staging-bucket", "gs://staging")


@pytest.fixture
def emulated(project: Project) -> Iterator[Project]:
    with project.emulator():
        yield project


def test_a_job_runs_to_its_end_and_its_lines_are_shown_once(emulated: Project) -> None:
    emulated.trainer('for n in range(5): print("line", n)')
    done = emulated.submit("train", *VERTEX, "--", "--arg=42")
    assert done.code == 0, done.err
    assert [line.split("  ")[-1] for line in done.out.splitlines() if "  line " in line] == [
        f"line {n}" for n in range(5)
    ]
    (job,) = emulated.submit("jobs", "list", "--backend", "vertex", "--format", "json").json
    assert job["state"] == "SUCCEEDED"
    assert job["handle"].startswith("vertex://projects/local-project/locations/us-central1/customJobs/")


def test_a_trainer_that_exits_3_fails_the_job_with_that_code(emulated: Project) -> None:
    emulated.trainer("sys.exit(3)")
    done = emulated.submit("train", *VERTEX)
    (job,) = emulated.submit("jobs", "list", "--backend", "vertex", "--format", "json").json
    assert done.code == 1
    assert (job["state"], job["cause"], job["exit_code"]) == ("FAILED", "exit code", 3)


def test_a_job_is_cancelled_and_deleted(emulated: Project) -> None:
    emulated.trainer("time.sleep(60)")
    handle = emulated.submit("train", *VERTEX, "--async").out.strip()
    wait_until(lambda: emulated.describe(handle)["state"] == "RUNNING")

    assert emulated.submit("jobs", "cancel", handle).code == 0
    assert emulated.submit("jobs", "wait", handle, "--timeout", "20").code == 1
    assert emulated.describe(handle)["state"] == "CANCELLED"
    assert emulated.submit("jobs", "delete", handle).code == 0
    assert emulated.submit("jobs", "describe", handle).code == 3


def test_a_tail_trusts_whom_the_other_calls_trust(emulated: Project) -> None:
    """As behind a company's proxy: the cloud's own addresses, and the file of who is trusted that requests knows."""
    emulated.trainer("time.sleep(0.5)")
    for name in ("CLOUDSDK_API_ENDPOINT_OVERRIDES_LOGGING", "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"):
        del emulated.environ[name]
    done = emulated.submit("train", *VERTEX)
    assert done.code == 0, done.err
    assert "Handshake failed" not in done.err


def test_who_leaves_a_job_that_nobody_tells_of_is_told_how_to_come_back(emulated: Project) -> None:
    emulated.trainer("""
        print("started", flush=True)
        time.sleep(15)
    """)
    handle = emulated.submit("train", *VERTEX, "--async").out.strip()
    command = emulated.start("jobs", "stream-logs", handle)
    assert command.stdout is not None
    while "started" not in command.stdout.readline():
        pass
    assert emulated.submit("emulator", "stop").code == 0

    command.send_signal(signal.SIGINT)
    _, err = command.communicate(timeout=20)

    assert command.returncode == 130
    assert f"the job goes on: {handle}\n" in err
    assert f"submit jobs stream-logs {handle}\n" in err


@pytest.mark.parametrize("backend", ["vertex", "mlengine"])
def test_a_rehearsed_preemption_takes_the_machines_once(emulated: Project, backend: str, tmp_path: Path) -> None:
    emulated.trainer(
        f"""
        mark = pathlib.Path({str(tmp_path / "mark")!r})
        if mark.exists():
            print("resumed")
        else:
            mark.touch()
            time.sleep(600)
        """
    )
    options = ("--backend", backend, "--staging-bucket", "gs://staging", "--preempt-after", "0.5s")
    done = emulated.submit("train", *options)
    assert done.code == 0, done.err
    assert "resumed" in done.out


def test_a_dry_run_needs_no_account_and_no_network(project: Project) -> None:
    project.trainer("pass")
    done = project.submit("train", *VERTEX, "--project", "p", "--dry-run", "--format", "json")
    assert done.code == 0, done.err
    methods = [step.get("method", step["step"]) for step in done.json]
    assert methods[-1] == "projects.locations.customJobs.create"
    assert "upload" in methods
