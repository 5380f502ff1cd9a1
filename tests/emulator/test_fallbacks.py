"""Jobs go elsewhere when there is no room for them, as the emulated cloud says it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.project import Project

CONFIG = """
    trainingInput:
      scaleTier: CUSTOM
      masterType: n1-standard-8
      masterConfig: {acceleratorConfig: {type: NVIDIA_TESLA_T4, count: 1}}
    submit:
      fallbacks: [{region: us-east1}, {region: us-east4}]
"""
T4 = "NVIDIA_TESLA_T4"


@pytest.fixture
def emulated(project: Project) -> Iterator[Project]:
    project.write("config.yaml", CONFIG)
    project.trainer("print('here')")
    with project.emulator():
        yield project


def has(project: Project, region: str, machines: str) -> None:
    done = project.submit("emulator", "capacity", "set", region, f"{T4}={machines}")
    assert done.code == 0, done.err


@pytest.mark.parametrize("backend", ["vertex", "mlengine"])
def test_a_job_is_tried_elsewhere_when_it_is_refused_and_when_it_finds_no_machines(
    emulated: Project, backend: str
) -> None:
    has(emulated, "us-central1", "stock-out")  # the job is taken, and fails
    has(emulated, "us-east1", "0")  # the job is refused
    done = emulated.submit("train", "--backend", backend, "--config", "config.yaml")
    assert done.code == 0, done.err
    assert "fallback  there were no machines; trying the fallback 1 of 2" in done.err
    assert [Path(line.split()[-1]).parts[1] for line in done.err.splitlines() if line.startswith("job dir")] == [
        "local-project-jobdir-us-central1",
        "local-project-jobdir-us-east4",
    ]


def test_a_job_that_finds_no_machines_anywhere_has_failed(emulated: Project) -> None:
    for region in ("us-central1", "us-east1", "us-east4"):
        has(emulated, region, "stock-out")
    done = emulated.submit("train", "--backend", "vertex", "--config", "config.yaml")
    assert done.code == 1, done.err
    assert [line for line in done.err.splitlines() if line.startswith("state")] == ["state     FAILED: stock-out"] * 3
