"""Values of variables by reference, so that neither the config nor the job holds the secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.project import Project


@pytest.fixture
def referring(project: Project) -> Project:
    project.trainer('print("it ends in", os.environ["HF_TOKEN"][-3:])')
    project.write("c.yaml", "trainingInput: {scaleTier: BASIC}\nsubmit: {env: {HF_TOKEN: 'env:MY_TOKEN'}}\n")
    return project


def test_a_variable_of_the_submitter_is_resolved_where_the_trainer_starts(referring: Project, tmp_path: Path) -> None:
    done = referring.submit("train", "-c", "c.yaml", env={"MY_TOKEN": "hunter2xyz"})
    assert done.code == 0, done.err
    assert "it ends in xyz" in done.out
    kept = [path for path in (tmp_path / "state").rglob("*") if path.is_file()]
    assert not [path for path in kept if b"hunter2xyz" in path.read_bytes()]


def test_a_variable_that_is_not_there_fails_the_job_with_its_name(referring: Project) -> None:
    done = referring.submit("train", "-c", "c.yaml")
    assert done.code == 1
    assert "the variable MY_TOKEN is not set where the job was submitted" in done.out + done.err


@pytest.mark.parametrize("reference", ["env:MY_TOKEN", "secret://projects/p/secrets/s/versions/latest"])
def test_vertex_ai_takes_no_references_and_the_reason_is_said(project: Project, reference: str) -> None:
    project.trainer("pass")
    argv = ("--backend", "vertex", "--project", "p", "--env", f"HF_TOKEN={reference}")
    done = project.submit("train", *argv, "--dry-run")
    assert done.code == 2
    assert "for all to read who may see the job" in done.err


def test_a_plain_secret_is_warned_of(project: Project) -> None:
    project.trainer("pass")
    done = project.submit("train", "--async", "--env", "HF_TOKEN=hunter2")
    assert done.code == 0
    assert "warning: the value of `HF_TOKEN` looks like a secret" in done.err
    assert "hunter2" not in done.err
