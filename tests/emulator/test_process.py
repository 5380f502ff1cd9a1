"""The emulator as its users start it, and the real gcloud as the judge of what it answers."""

from __future__ import annotations

import http.client
import json
import os
import shlex
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.project import Project, wait_until

needs_gcloud = pytest.mark.skipif(shutil.which("gcloud") is None, reason="gcloud is not installed")


@pytest.fixture
def emulator(project: Project) -> Iterator[Project]:
    """A project whose environment leads Google's clients to an emulator that runs."""
    started = project.submit("emulator", "start", "--format", "json")
    assert started.code == 0, started.err
    exports = project.submit("emulator", "env").out.splitlines()
    pairs = [shlex.split(line)[1].partition("=") for line in exports]
    project.environ |= {name: value for name, _, value in pairs}
    project.environ["CLOUDSDK_CONFIG"] = str(project.folder / "gcloud")
    yield project
    project.submit("emulator", "stop")


def gcloud(project: Project, *argv: str) -> Any:
    done = subprocess.run(
        ["gcloud", *argv, "--format", "json"],
        cwd=project.folder,
        env=project.environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout or "null")


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


@needs_gcloud
def test_gcloud_submits_a_custom_job_which_really_runs(emulator: Project) -> None:
    emulator.trainer('import pathlib; pathlib.Path(os.environ["GCS_ROOT"], "digits", "ran").touch()')
    emulator.submit("package", "trainer", "--output", "dist")
    (archive,) = (emulator.folder / "dist").glob("*.tar.gz")
    gcloud(emulator, "storage", "buckets", "create", "gs://digits", "--location", "us-central1")
    gcloud(emulator, "storage", "cp", str(archive), "gs://digits/trainer.tar.gz")
    emulator.write(
        "job.yaml",
        """
        workerPoolSpecs:
          - machineSpec: {machineType: n1-standard-4}
            replicaCount: 1
            pythonPackageSpec:
              executorImageUri: us-docker.pkg.dev/vertex-ai/training/tf-cpu.2-17.py310:latest
              packageUris: [gs://digits/trainer.tar.gz]
              pythonModule: trainer.task
              args: ["--job-dir=gs://digits/out"]
        """,
    )
    created = gcloud(emulator, "ai", "custom-jobs", "create", "--display-name", "first", "--config", "job.yaml")

    def state() -> str:
        return str(gcloud(emulator, "ai", "custom-jobs", "describe", created["name"])["state"])

    wait_until(lambda: state() not in ("JOB_STATE_QUEUED", "JOB_STATE_PENDING", "JOB_STATE_RUNNING"), timeout=60)
    assert state() == "JOB_STATE_SUCCEEDED"
    listed = gcloud(emulator, "storage", "objects", "list", "gs://digits")
    assert sorted(item["name"] for item in listed) == ["ran", "trainer.tar.gz"]


@needs_gcloud
def test_the_commands_of_ml_engine_work_again(emulator: Project) -> None:
    emulator.trainer('print("arg", options.arg)')
    emulator.write(
        "gpu.yaml",
        'trainingInput: {scaleTier: CUSTOM, masterType: standard_gpu, runtimeVersion: "1.9", pythonVersion: "3.5"}\n',
    )
    gcloud(emulator, "storage", "buckets", "create", "gs://digits", "--location", "us-east1")
    submit = ["ml-engine", "jobs", "submit", "training", "first_job", "--staging-bucket", "gs://digits"]
    submit += ["--job-dir", "gs://digits/out", "--region", "us-east1", "--module-name", "trainer.task"]
    argv = ["gcloud", *submit, "--package-path", "trainer", "--config", "gpu.yaml", "--", "--arg=42"]
    done = subprocess.run(
        argv, cwd=emulator.folder, env=emulator.environ, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr

    def described() -> Any:
        return gcloud(emulator, "ml-engine", "jobs", "describe", "first_job")

    wait_until(lambda: "endTime" in described(), timeout=60)
    assert described()["state"] == "SUCCEEDED"

    argv = ["gcloud", "ml-engine", "jobs", "stream-logs", "first_job", "--polling-interval", "1"]
    streamed = subprocess.run(
        argv, cwd=emulator.folder, env=emulator.environ, capture_output=True, text=True, check=False, timeout=120
    )
    lines = streamed.stdout.splitlines()
    assert streamed.returncode == 0, streamed.stderr
    assert [line.rpartition("\t")[2] for line in lines if "\targ " in line] == ["arg 42"]
    assert lines[-1].endswith("Job completed successfully.")
