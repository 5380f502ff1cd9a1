"""The emulator as its users start it."""

from __future__ import annotations

import http.client
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.project import Project, wait_until


@pytest.fixture
def emulator(project: Project) -> Iterator[Project]:
    """A project whose environment leads Google's clients to an emulator that runs."""
    with project.emulator():
        yield project


def ask(project: Project, path: str) -> tuple[int, Any]:
    url = project.submit("emulator", "status").out.strip()
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=10)
    connection.request("GET", path)
    response = connection.getresponse()
    answer = json.loads(response.read())
    connection.close()
    return response.status, answer


def test_it_starts_once_says_where_it_is_and_stops(project: Project) -> None:
    assert project.submit("emulator", "status").code == 3
    first = project.submit("emulator", "start", "--format", "json").json
    assert project.submit("emulator", "start", "--format", "json").json == first
    assert project.submit("emulator", "status").out.strip() == first["url"]
    assert project.submit("emulator", "stop").err == "stopped\n"
    assert project.submit("emulator", "status").code == 3


def test_what_it_does_not_implement_is_answered_with_its_name(emulator: Project) -> None:
    status, answer = ask(emulator, "/compute/v1/projects/p/zones")
    assert (status, answer["error"]["status"]) == (501, "UNIMPLEMENTED")
    assert "/compute/v1/projects/p/zones" in answer["error"]["message"]


def test_after_kill_9_it_starts_again_with_everything(emulator: Project) -> None:
    data = Path(emulator.environ["SUBMIT_STATE_DIR"]) / "emulator"
    (data / "buckets" / "kept").mkdir(parents=True)
    pid = json.loads((data / "emulator.json").read_text())["pid"]
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: emulator.submit("emulator", "status").code == 3)

    assert emulator.submit("emulator", "start").code == 0
    assert (data / "buckets" / "kept").is_dir()
