"""How jobs end, as the command line shows it."""

from __future__ import annotations

import json
import signal

from tests.project import Project, wait_until


def test_a_job_that_succeeds_exits_with_zero_and_shows_its_lines(project: Project) -> None:
    project.trainer('print("learned", options.arg)')

    done = project.submit("train", "--job-name", "first", "--", "--arg=42")

    assert done.code == 0, done.err
    assert "learned 42" in done.out
    assert "SUCCEEDED" in done.err
    assert project.describe("first")["state"] == "SUCCEEDED"


def test_a_trainer_that_exits_3_makes_the_job_fail_with_that_code_and_its_traceback(project: Project) -> None:
    project.trainer(
        """
        try:
            raise ValueError("the loss is not a number")
        except ValueError:
            import traceback
            traceback.print_exc()
            sys.exit(3)
        """
    )

    done = project.submit("train", "--job-name", "third")
    status = project.describe("third")

    assert done.code == 1
    assert (status["state"], status["cause"], status["exit_code"]) == ("FAILED", "exit code", 3)
    assert status["traceback"].rstrip().endswith("ValueError: the loss is not a number")
    assert "ValueError: the loss is not a number" in project.submit("jobs", "describe", "third").out


def test_a_time_out_is_told_apart(project: Project) -> None:
    project.trainer("time.sleep(60)")
    project.write("config.yaml", "trainingInput:\n  scaleTier: BASIC\n  scheduling:\n    maxRunningTime: 1s\n")

    done = project.submit("train", "--config", "config.yaml", "--job-name", "slow")

    assert done.code == 1
    assert project.describe("slow")["cause"] == "time-out"


def test_running_out_of_memory_is_told_apart(project: Project) -> None:
    project.trainer("held = bytearray(400 << 20); time.sleep(30)")
    project.write("config.yaml", "submit:\n  local:\n    memory: 200MiB\n")

    done = project.submit("train", "--config", "config.yaml", "--job-name", "fat")
    status = project.describe("fat")

    assert done.code == 1
    assert (status["state"], status["cause"]) == ("FAILED", "out of memory")


def test_a_cancel_is_told_apart(project: Project) -> None:
    project.trainer('print("started", flush=True); time.sleep(60)')
    handle = project.submit("train", "--async", "--job-name", "long").out.strip()
    wait_until(lambda: "started" in project.messages(handle))

    assert project.submit("jobs", "cancel", handle).code == 0
    waited = project.submit("jobs", "wait", handle, "--timeout", "20")

    status = project.describe(handle)
    assert waited.code == 1
    assert (status["state"], status["cause"]) == ("CANCELLED", "cancelled")


def test_ctrl_c_leaves_the_job_running_and_says_how_to_come_back(project: Project) -> None:
    project.trainer('print("started", flush=True); time.sleep(2); print("finished")')
    command = project.start("train", "--job-name", "lives")
    wait_until(lambda: "started" in project.messages("lives"))

    command.send_signal(signal.SIGINT)
    _, narration = command.communicate(timeout=10)

    assert command.returncode == 130
    assert "submit jobs stream-logs local://lives" in narration
    assert project.submit("jobs", "wait", "lives").code == 0
    assert "finished" in project.messages("lives")


def test_the_output_is_data_for_programs(project: Project) -> None:
    project.trainer('print("one")')
    project.submit("train", "--job-name", "data", "--labels", "team=vision,stage=test")

    listed = project.submit("jobs", "list", "--format", "json").json
    lines = project.submit("jobs", "stream-logs", "data", "--format", "json").out.splitlines()

    assert [job["handle"] for job in listed] == ["local://data"]
    assert listed[0]["labels"] == {"team": "vision", "stage": "test"}
    assert [json.loads(line)["message"] for line in lines].count("one") == 1
