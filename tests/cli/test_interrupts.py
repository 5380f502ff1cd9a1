"""Ctrl-C, SIGTERM and a closed terminal at each stage of a submission: a job is created and named, or not created."""

from __future__ import annotations

import signal

import pytest

from tests.project import Project, wait_until

ENDS = pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)], ids=lambda n: str(n)
)


@ENDS
def test_in_preflight_no_job_is_created_and_it_says_so(project: Project, number: signal.Signals, code: int) -> None:
    project.write("trainer/__init__.py", "")
    project.write("trainer/task.py", f"import pathlib, time\npathlib.Path({str(project.folder)!r}, 'seen').touch()\n")
    with (project.folder / "trainer/task.py").open("a") as task:
        task.write("time.sleep(60)\nimport argparse\nargparse.ArgumentParser().parse_args()\n")
    command = project.start("train")
    wait_until((project.folder / "seen").exists)

    command.send_signal(number)
    out, err = command.communicate(timeout=10)

    assert (command.returncode, out) == (code, "")
    assert err.strip() == "interrupted no job was created"
    assert project.submit("jobs", "list", "--format", "json").json == []


@ENDS
def test_while_following_the_job_goes_on_and_it_says_how_to_come_back(
    project: Project, number: signal.Signals, code: int
) -> None:
    project.trainer('print("started", flush=True); time.sleep(1.5); print("finished")')
    command = project.start("train", "--job-name", "lives")
    wait_until(lambda: "started" in project.messages("lives"))

    command.send_signal(number)
    _, err = command.communicate(timeout=10)

    assert command.returncode == code
    assert "the job goes on: local://lives" in err
    assert "Traceback" not in err
    assert project.submit("jobs", "wait", "lives").code == 0


def test_while_waiting_the_jobs_go_on(project: Project) -> None:
    project.trainer("time.sleep(1.5)")
    handle = project.submit("train", "--async", "--job-name", "lives").out.strip()
    command = project.start("jobs", "wait", handle, "--format", "json")
    wait_until(lambda: project.describe(handle)["state"] == "RUNNING")

    command.send_signal(signal.SIGINT)
    out, err = command.communicate(timeout=10)

    assert (command.returncode, out) == (130, "")
    assert "submit jobs stream-logs local://lives" in err


def test_a_reader_that_leaves_an_ended_job_is_not_told_that_it_goes_on(project: Project) -> None:
    project.trainer("for n in range(20000): print(n)")
    project.submit("train", "--job-name", "ended")
    command = project.start("jobs", "stream-logs", "ended")
    assert command.stdout is not None
    assert command.stderr is not None
    command.stdout.readline()
    command.stdout.close()
    assert (command.stderr.read(), command.wait(timeout=20)) == ("", 141)
    command.stderr.close()
