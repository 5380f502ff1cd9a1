"""What a job was made of: shown, compared with another's, and submitted again; with a real git and real jobs."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.project import Finished, Project


def git(project: Project, *argv: str) -> str:
    identity = ("-c", "user.name=me", "-c", "user.email=me@example.com", "-c", "init.defaultBranch=main")
    done = subprocess.run(
        ["git", *identity, *argv], cwd=project.folder, env=project.environ, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture
def repository(project: Project) -> Project:
    project.trainer('print("one")')
    git(project, "init")
    git(project, "add", ".")
    git(project, "commit", "-m", "first")
    return project


def submitted(project: Project, *argv: str) -> str:
    done = project.submit("train", "--async", *argv)
    assert done.code == 0, done.err
    return done.out.strip()


def ended(project: Project, handle: str) -> None:
    assert project.submit("jobs", "wait", handle).code == 0


def described(project: Project, handle: str) -> Finished:
    return project.submit("jobs", "describe", handle, "--provenance", "--format", "json")


def test_commit_changes_package_arguments_and_installation_are_known(repository: Project) -> None:
    repository.trainer('print("two")')
    handle = submitted(repository, "--", "--arg=42")
    ended(repository, handle)
    known = described(repository, handle).json["provenance"]
    assert known["git"]["commit"] == git(repository, "rev-parse", "HEAD")
    assert (known["git"]["branch"], known["git"]["changed"]) == ("main", ["trainer/task.py"])
    assert '+    print("two")' in known["git"]["diff"]
    assert known["job"]["pools"][0]["program"]["args"] == ["--arg=42"]
    assert known["packages"][0]["files"]
    assert "trainer==0.0.0" in known["installed"]["packages"]
    text = repository.submit("jobs", "describe", handle, "--provenance").out
    assert known["git"]["commit"] in text


def test_outside_of_a_repository_the_rest_is_known(project: Project) -> None:
    project.trainer("pass")
    known = described(project, submitted(project)).json["provenance"]
    assert known["git"] is None
    assert known["tool"].startswith("jobdir ")


def test_two_jobs_are_told_apart(repository: Project) -> None:
    one = submitted(repository, "--env", "MODE=fast", "--", "--arg=1")
    repository.trainer('print("two")')
    other = submitted(repository, "--env", "MODE=slow", "--set", "submit.labels.team=b", "--", "--arg=2")
    found = repository.submit("jobs", "diff", one, other, "--format", "json").json
    assert '-    print("one")' in found["code"]
    assert '+    print("two")' in found["code"]
    assert found["config"] == ["job.labels.team: – → b"]
    assert found["arguments"] == ["pools[0]: --arg=1 → --arg=2"]
    assert "job.env.MODE: fast → slow" in found["environment"]
    assert repository.submit("jobs", "diff", one, one).out.splitlines() == [
        "code: the same",
        "config: the same",
        "arguments: the same",
        "environment: the same",
    ]


def test_a_job_is_submitted_again_with_the_same_bytes_although_the_code_has_changed(repository: Project) -> None:
    one = submitted(repository, "--", "--arg=7")
    repository.trainer('raise SystemExit("this is not the code")')
    done = repository.submit("jobs", "rerun", one)
    assert done.code == 0, done.err
    assert "one" in done.out
    again = next(line.split()[1] for line in done.err.splitlines() if line.startswith("job "))
    assert again != one
    found = repository.submit("jobs", "diff", one, again, "--format", "json").json
    assert not any(found.values())


def test_secrets_are_kept_nowhere_and_have_to_be_given_again(repository: Project, tmp_path: Path) -> None:
    planted = "hf_" + "Planted0123456789" * 2
    repository.write(
        "trainer/task.py", (repository.folder / "trainer/task.py").read_text() + f'\nTOKEN = "{planted}"\n'
    )
    repository.trainer(f'print("two")  # {planted}')
    handle = submitted(repository, "--env", f"HF_TOKEN={planted}", "--env", "DB_PASSWORD=hunter2")
    ended(repository, handle)
    kept = [path for path in (tmp_path / "state/submissions").rglob("*") if path.is_file()]
    assert kept
    assert not [path for path in kept if planted.encode() in path.read_bytes() or b"hunter2" in path.read_bytes()]
    assert planted not in described(repository, handle).out

    refused = repository.submit("jobs", "rerun", handle)
    assert refused.code == 2
    assert "`HF_TOKEN` was not kept" in refused.err
    assert "`DB_PASSWORD` was not kept" in refused.err
    given = ("--env", "HF_TOKEN=again", "--env", "DB_PASSWORD=again")
    assert repository.submit("jobs", "rerun", handle, *given).code == 0


def test_a_rerun_has_a_dry_run(repository: Project) -> None:
    handle = submitted(repository, "--", "--arg=7")
    steps = json.loads(repository.submit("jobs", "rerun", handle, "--dry-run", "--format", "json").out)
    assert steps[-1]["request"]["pools"][0]["args"] == ["--arg=7"]


def test_of_a_job_from_elsewhere_nothing_is_known(project: Project) -> None:
    done = project.submit("jobs", "rerun", "local://somewhere")
    assert done.code == 3
    assert "what `local://somewhere` was made of is not known here" in done.err
