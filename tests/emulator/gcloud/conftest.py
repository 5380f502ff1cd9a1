"""The real gcloud against one emulator for all tests of this folder; every one of its calls takes a second or more."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.engine.site import make_wheel
from tests.project import REPOSITORY, Finished, Project

BUCKET = "gs://digits"
WHEEL = f"{BUCKET}/trainer-1-py3-none-any.whl"
IMAGE = "us-docker.pkg.dev/vertex-ai/training/tf-cpu.2-17.py310:latest"
VERTEX_ENDED = ("JOB_STATE_SUCCEEDED", "JOB_STATE_FAILED", "JOB_STATE_CANCELLED")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in (item for item in items if here in item.path.parents):
        item.add_marker(pytest.mark.slow)
        if shutil.which("gcloud") is None:
            item.add_marker(pytest.mark.skip(reason="gcloud is not installed"))


@dataclass
class Gcloud:
    """`wheel` is a package on disk, and at `WHEEL`, whose `trainer.task` runs its first argument as source text."""

    project: Project
    pool: ThreadPoolExecutor
    buckets: Path
    wheel: Path

    def __call__(self, *argv: str, code: int = 0, folder: Path | None = None) -> Finished:
        done = subprocess.run(
            ["gcloud", *argv],
            cwd=folder or self.project.folder,
            env=self.project.environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == code, f"gcloud {shlex.join(argv)}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return Finished(done.returncode, done.stdout, done.stderr)

    def json(self, *argv: str) -> Any:
        return self(*argv, "--format", "json").json

    def meanwhile(self, *argv: str, code: int = 0) -> Future[Finished]:
        """The same in a thread."""
        return self.pool.submit(self, *argv, code=code)

    def ask(self, path: str) -> Any:
        """What the emulator itself answers: quicker than a gcloud."""
        return httpx.get(f"{self.project.environ['STORAGE_EMULATOR_HOST']}{path}").json()

    def custom_job(self, name: str, source: str, **spec: Any) -> str:
        """The resource name of a job that runs this source text."""
        config = self.project.folder / f"{name}.json"
        config.write_text(json.dumps({"workerPoolSpecs": [worker_pool(source)], **spec}))
        created = self.json("ai", "custom-jobs", "create", "--display-name", name, "--config", config.name)
        return str(created["name"])

    def ml_job(self, name: str, source: str, *flags: str, code: int = 0) -> Finished:
        submit = ["ml-engine", "jobs", "submit", "training", name, "--packages", WHEEL, "--region", "us-central1"]
        return self(*submit, "--module-name", "trainer.task", *flags, "--", source, code=code)


def worker_pool(source: str) -> dict[str, Any]:
    python = {"executorImageUri": IMAGE, "packageUris": [WHEEL], "pythonModule": "trainer.task", "args": [source]}
    return {"machineSpec": {"machineType": "n1-standard-4"}, "replicaCount": 1, "pythonPackageSpec": python}


def messages(lines: str) -> list[str]:
    """The last column of a streamed log."""
    return [line.rpartition("\t")[2] for line in lines.splitlines() if "\t" in line]


@pytest.fixture(scope="session")
def gcloud(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Iterator[Gcloud]:
    folder = tmp_path_factory.mktemp("gcloud")
    project = Project(folder, _environ(folder, cache))
    wheel = Path(make_wheel(folder)["path"])
    with project.emulator(), ThreadPoolExecutor(6) as pool:
        run = Gcloud(project, pool, folder / "state" / "emulator" / "buckets", wheel)
        run("storage", "buckets", "create", BUCKET, "--location", "us-central1")
        run("storage", "cp", str(wheel), WHEEL)
        yield run
        project.submit("emulator", "reset", "--yes")


def _environ(folder: Path, cache: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "UV_", "LC_"))}
    return kept | {
        "HOME": str(folder),
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(REPOSITORY),
        "PYTHONWARNINGS": "ignore",  # gcloud's own
        "SUBMIT_STATE_DIR": str(folder / "state"),
        "SUBMIT_CACHE_DIR": str(cache),
        "CLOUDSDK_CONFIG": str(folder / "config"),
        "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "1",
        "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "1",
    }
