"""What is left when a process is killed."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

from tests.project import Project, alive, wait_until

COUNT = """
    print("pid", os.getpid(), flush=True)
    for number in range(40):
        print("line", number, flush=True)
        time.sleep(0.05)
"""


def pids(project: Project, job: str) -> list[int]:
    return [int(message.split()[1]) for message in project.messages(job) if message.startswith("pid ")]


def test_killing_the_command_line_leaves_the_job_running_and_its_log_whole(project: Project) -> None:
    project.trainer(COUNT)
    command = project.start("train", "--job-name", "orphan")
    wait_until(lambda: "line 3" in project.messages("orphan"))

    command.kill()
    command.communicate()
    again = project.submit("jobs", "stream-logs", "orphan", "--format", "json")

    messages = [json.loads(line)["message"] for line in again.out.splitlines()]
    assert again.code == 0
    assert [m for m in messages if m.startswith("line ")] == [f"line {number}" for number in range(40)]


def test_killing_the_supervisor_fails_the_job_and_leaves_no_process(project: Project) -> None:
    project.trainer('print("pid", os.getpid(), flush=True); time.sleep(60)')
    project.submit("train", "--async", "--job-name", "lost")
    wait_until(lambda: pids(project, "lost"))
    (trainer,) = pids(project, "lost")

    os.kill(supervisor_of(trainer), signal.SIGKILL)
    wait_until(lambda: not alive(trainer), timeout=5)
    status = project.describe("lost")

    assert (status["state"], status["cause"]) == ("FAILED", "supervisor lost")
    assert "supervisor" in status["message"]


def supervisor_of(trainer: int) -> int:
    """The trainer's parent is its launcher, whose parent is the supervisor."""
    launcher = parent_of(trainer)
    return parent_of(launcher)


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
