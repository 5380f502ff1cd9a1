"""The emulator is killed while jobs run and wait. Nothing is lost, nothing is left over, and nothing runs twice."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from submit.emulator import environment, process
from submit.emulator.options import Options
from submit.emulator.process import Endpoints
from submit.engine.folder import JobFolder
from submit.testing import Google, Job
from tests.engine.site import make_wheel
from tests.project import wait_until

RUNNING, WAITING = 20, 100
LOST = 3
"""So many of those that run lose their supervisor as well."""
FAILS = "job-7"
JOBS = "/v1/projects/local-project/locations/us-central1/customJobs"
IMAGE = "us-docker.pkg.dev/vertex-ai/training/tf-cpu.2-17.py310:latest"
SOURCE = """
import os, pathlib, sys, time
runs = pathlib.Path(os.environ["GCS_ROOT"], "runs")
with open(runs / {name!r}, "a") as file:
    file.write("ran\\n")
print("this is", {name!r}, flush=True)
while {waits} and not (runs / "go").exists():
    time.sleep(0.05)
sys.exit({code})
"""


@dataclass
class Machine:
    """A machine with an emulator on it, which can be killed and started again."""

    data: Path
    options: Options

    def start(self) -> Google:
        endpoints = process.start(self.data, self.options)
        return Google(endpoints=endpoints, data=self.data, env=environment.variables(endpoints.rest, self.data, {}))

    @property
    def runs(self) -> Path:
        return self.data / "buckets" / "runs"

    def processes(self) -> list[int]:
        """Of its jobs, by the mark that each of them bears."""
        mark = f"JOBDIR_TASK={self.data}/".encode()
        pids = (int(entry.name) for entry in Path("/proc").glob("[0-9]*"))
        return [pid for pid in pids if mark in _environ(pid)]


@pytest.fixture
def machine(tmp_path: Path, cache: Path) -> Iterator[Machine]:
    made = Machine(tmp_path / "data", Options(cache=str(cache), concurrency=RUNNING))
    made.runs.mkdir(parents=True)
    shutil.copy(make_wheel(tmp_path)["path"], made.runs / "trainer-1-py3-none-any.whl")
    yield made
    made.start().cancel_jobs()
    process.stop(made.data)


def _environ(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return b""


def ask(endpoints: Endpoints, method: str, path: str, body: object = None) -> Any:
    connection = http.client.HTTPConnection(endpoints.address, endpoints.port, timeout=60)
    try:
        connection.request(method, path, None if body is None else json.dumps(body))
        response = connection.getresponse()
        answer = json.loads(response.read())
        assert response.status == 200, answer
        return answer
    finally:
        connection.close()


def create(google: Google, name: str, *, waits: bool) -> None:
    source = SOURCE.format(name=name, waits=waits, code=3 if name == FAILS else 0)
    package = "gs://runs/trainer-1-py3-none-any.whl"
    python = {"executorImageUri": IMAGE, "packageUris": [package], "pythonModule": "trainer.task", "args": [source]}
    pool = {"machineSpec": {"machineType": "n1-standard-4"}, "replicaCount": 1, "pythonPackageSpec": python}
    ask(google.endpoints, "POST", JOBS, {"displayName": name, "jobSpec": {"workerPoolSpecs": [pool]}})


def states(google: Google) -> Counter[str]:
    return Counter(job.state for job in google.jobs())


def supervisor(google: Google, job: Job) -> int:
    """The holder of the job's lock has written its number into it."""
    engine_id = f"vertex-{job.name.rpartition('/')[2]}"
    return int(JobFolder.of(google.data / "engine", engine_id).lock.read_text())


def logged(google: Google, job: Job) -> Sequence[str]:
    query = {
        "resourceNames": ["projects/local-project"],
        "filter": f'resource.labels.job_id="{job.name.rpartition("/")[2]}"',
    }
    entries = ask(google.endpoints, "POST", "/v2/entries:list", query)["entries"]
    return [entry.get("textPayload") or entry.get("jsonPayload", {}).get("message", "") for entry in entries]


@pytest.mark.slow
def test_kill_9_loses_nothing_leaves_nothing_and_repeats_nothing(machine: Machine) -> None:
    names = [f"job-{number}" for number in range(RUNNING + WAITING)]
    google = machine.start()
    for number, name in enumerate(names):
        create(google, name, waits=number < RUNNING)
    wait_until(lambda: states(google) == {"RUNNING": RUNNING, "QUEUED": WAITING}, timeout=120)
    wait_until(lambda: len(list(machine.runs.glob("job-*"))) == RUNNING, timeout=60)
    lost = [job for job in google.jobs() if job.state == "RUNNING"][:LOST]

    os.kill(google.endpoints.pid, signal.SIGKILL)
    for job in lost:
        os.kill(supervisor(google, job), signal.SIGKILL)
    wait_until(lambda: process.status(machine.data) is None)
    google = machine.start()

    assert sorted(job.display_name for job in google.jobs()) == sorted(names)
    assert [google.job(job).state for job in lost] == ["FAILED"] * LOST
    (machine.runs / "go").touch()
    wait_until(lambda: all(job.has_ended for job in google.jobs()), timeout=300)

    jobs = {job.display_name: job for job in google.jobs()}
    failed = {FAILS, *(job.display_name for job in lost)}
    assert {name: job.state for name, job in jobs.items()} == {
        name: "FAILED" if name in failed else "SUCCEEDED" for name in names
    }
    assert "supervisor of the job was lost" in jobs[lost[0].display_name].error
    assert {name: (machine.runs / name).read_text() for name in names} == dict.fromkeys(names, "ran\n")
    wait_until(lambda: not machine.processes(), timeout=60)
    for name in (names[0], FAILS, names[-1]):
        assert logged(google, jobs[name]).count(f"this is {name}") == 1
    found = ask(google.endpoints, "GET", "/storage/v1/b/runs/o?prefix=job-")["items"]
    assert sorted(item["name"] for item in found) == sorted(names)
