"""ML Engine's first command in a fresh clone of this project, whose own `pyproject.toml` lies beside the trainer."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.emulator.gcloud.conftest import BUCKET, Gcloud
from tests.project import REPOSITORY, wait_until


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    argv = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(argv, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    for name in listed.stdout.splitlines():
        if (REPOSITORY / name).is_file():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / name, tmp_path / name)
    return tmp_path


def files(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file() and path.parent.name != "__pycache__"}


def test_the_sample_trainer_is_packed_and_trains(gcloud: Gcloud, clone: Path) -> None:
    before = files(clone)
    command = ["ml-engine", "jobs", "submit", "training", "first_job", "--staging-bucket", BUCKET]
    command += ["--job-dir", f"{BUCKET}/first", "--region", "us-central1", "--module-name", "trainer.task"]
    gcloud(*command, "--package-path", "trainer", "--config", "configs/gpu.yaml", "--", "--arg=42", folder=clone)

    (archive,) = (gcloud.buckets / "digits" / "first_job").rglob("*.tar.gz")
    with tarfile.open(archive) as file:
        names = {name.partition("/")[2] for name in file.getnames()}
    assert {"task.py", "data/digits.csv.gz"} <= names
    assert not any(name.startswith("submit") for name in names)
    assert files(clone) == before

    path = "/v1/projects/local-project/jobs/first_job"
    wait_until(lambda: "endTime" in gcloud.ask(path), timeout=120)
    job = gcloud.ask(path)
    assert (job["state"], job.get("errorMessage")) == ("SUCCEEDED", None)
    assert (gcloud.buckets / "digits" / "first" / "metrics.json").is_file()
