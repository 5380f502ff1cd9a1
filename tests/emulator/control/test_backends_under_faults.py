"""Our own client when the cloud has a bad day: one job is made, once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.project import Finished, Project

VERTEX = ("--backend", "vertex", "--staging-bucket", "gs://staging")


@pytest.fixture
def emulated(project: Project) -> Iterator[Project]:
    project.trainer('print("ran")')
    with project.emulator():
        yield project


def train(project: Project, method: str, answer: str, count: int) -> tuple[Finished, list[str]]:
    """The command's end with that fault, and the states of all jobs that there are then."""
    added = project.submit("emulator", "fault", "add", method, "--answer", answer, "--count", str(count))
    assert added.code == 0, added.err
    done = project.submit("train", *VERTEX, timeout=120)
    assert project.submit("emulator", "fault", "list").out == "", "the fault has struck"
    return done, [job["state"] for job in jobs(project)]


def jobs(project: Project) -> Any:
    return project.submit("jobs", "list", "--backend", "vertex", "--format", "json").json


@pytest.mark.parametrize(
    ("method", "answer", "count"),
    [
        ("aiplatform.customJobs.create", "reset-after", 1),
        ("aiplatform.customJobs.create", "503", 1),
        ("storage.*", "503", 3),
        ("logging.entries.*", "503", 2),
    ],
)
def test_one_job_is_made_and_followed_to_its_end(emulated: Project, method: str, answer: str, count: int) -> None:
    done, states = train(emulated, method, answer, count)
    assert (done.code, states) == (0, ["SUCCEEDED"]), done.err
    assert done.out.count("ran") == 1


def test_a_creation_that_was_not_answered_and_left_no_job_is_not_made_again(emulated: Project) -> None:
    done, states = train(emulated, "aiplatform.customJobs.create", "reset", 1)
    assert (done.code, states) == (3, [])
    assert "submit jobs recover" in done.err


def test_a_region_without_machines_is_left_for_the_next(emulated: Project) -> None:
    machine = "machineSpec: {machineType: n1-standard-4, acceleratorType: NVIDIA_TESLA_T4, acceleratorCount: 1}"
    emulated.write(
        "gpu.yaml",
        f"workerPoolSpecs: [{{{machine}, replicaCount: 1}}]\nsubmit: {{fallbacks: [{{region: us-east1}}]}}\n",
    )
    emulated.submit("emulator", "capacity", "set", "us-central1", "NVIDIA_TESLA_T4=refused")
    done = emulated.submit("train", "--backend", "vertex", "--config", "gpu.yaml", timeout=120)
    assert done.code == 0, done.err
    assert "/locations/us-east1/customJobs/" in done.err
    assert jobs(emulated) == [], "there is none where there was no room"
