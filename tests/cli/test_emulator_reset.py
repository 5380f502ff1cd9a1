"""`submit emulator reset`, while the emulator runs and when it does not."""

from __future__ import annotations

import http.client
import json
import os
import pty
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.project import Project, wait_until

VERTEX = ("--backend", "vertex", "--staging-bucket", "gs://staging")


@pytest.fixture
def used(project: Project) -> Iterator[Project]:
    """An emulator with a job that runs, one that waits, a bucket, an entry, a fault and a limit."""
    with project.emulator("--concurrency", "1"):
        project.trainer('print("up", flush=True); time.sleep(60)')
        handle = project.submit("train", *VERTEX, "--async").out.strip()
        wait_until(lambda: "up" in project.messages(handle), timeout=40)
        project.submit("train", *VERTEX, "--async")
        entry = {"logName": "projects/p/logs/x", "resource": {"type": "global"}, "textPayload": "hello"}
        assert ask(project, "POST", "/v2/entries:write", {"entries": [entry]}) == {}
        project.submit("emulator", "fault", "add", "ml.*", "--answer", "503")
        project.submit("emulator", "capacity", "set", "all", "cpus=100")
        yield project
        project.submit("emulator", "reset", "--yes")  # what runs does not outlive the test


def data(project: Project) -> Path:
    return Path(project.environ["SUBMIT_STATE_DIR"]) / "emulator"


def ask(project: Project, verb: str, path: str, body: Any = None) -> Any:
    url = project.submit("emulator", "status").out.strip()
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=20)
    try:
        connection.request(verb, path, body=json.dumps(body) if body else None)
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()


def check_nothing_is_left(project: Project) -> None:
    assert project.submit("jobs", "list", "--backend", "vertex", "--format", "json").json == []
    assert ask(project, "GET", "/storage/v1/b?project=p").get("items", []) == []
    assert ask(project, "POST", "/v2/entries:list", {"resourceNames": ["projects/p"]}) == {}
    assert project.submit("emulator", "fault", "list").out == ""
    assert project.submit("emulator", "capacity", "show").out == "no limits\n"
    assert [path.name for path in (data(project) / "buckets").iterdir()] == [".storage"]
    assert list((data(project) / "engine" / "jobs").iterdir()) == []


def test_an_emulator_that_runs_forgets_everything_and_goes_on(used: Project) -> None:
    where = used.submit("emulator", "status", "--format", "json").json
    done = used.submit("emulator", "reset", "--yes")
    assert (done.code, done.err) == (0, "forgotten: 2 jobs, 1 buckets\n")
    check_nothing_is_left(used)
    assert used.submit("emulator", "status", "--format", "json").json == where
    used.trainer('print("again")')
    assert used.submit("train", *VERTEX).code == 0


def test_one_that_is_stopped_forgets_everything_and_stays_so(used: Project) -> None:
    used.submit("emulator", "stop")
    assert used.submit("emulator", "reset", "--yes").code == 0
    assert used.submit("emulator", "status").code == 3
    used.submit("emulator", "start")
    check_nothing_is_left(used)


def test_without_a_terminal_it_deletes_nothing_unless_it_is_told_to(used: Project) -> None:
    done = used.submit("emulator", "reset")
    assert (done.code, "--yes" in done.err) == (2, True)
    assert len(used.submit("jobs", "list", "--backend", "vertex", "--format", "json").json) == 2


def test_on_a_terminal_it_asks(used: Project) -> None:
    for answer, left in ((b"n\n", 2), (b"y\n", 0)):
        ours, theirs = pty.openpty()
        with subprocess.Popen(
            used.command("emulator", "reset"),
            cwd=used.folder,
            env=used.environ,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        ) as command:
            os.close(theirs)
            os.write(ours, answer)
            command.wait(timeout=60)
        shown = os.read(ours, 65536)
        os.close(ours)
        assert b"Delete all jobs and buckets" in shown
        assert len(used.submit("jobs", "list", "--backend", "vertex", "--format", "json").json) == left


def test_where_no_emulator_ever_was_there_is_nothing_to_reset(project: Project) -> None:
    assert project.submit("emulator", "reset").err == "there is nothing to reset\n"
