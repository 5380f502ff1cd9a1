"""One emulator for all programs of this folder, which run beside each other: most of their time is waiting."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.emulator.clients.programs.jobs import BUCKET
from tests.engine.site import make_wheel
from tests.project import Project

PROGRAMS = Path(__file__).parent / "programs"
PROJECT = "mine"
TENSORFLOW = importlib.util.find_spec("tensorflow") is not None
TIMEOUT_S = 240


@dataclass
class Programs:
    """Each runs once, however many tests look at what it has seen."""

    project: Project
    started: dict[str, Future[Any]]

    def seen(self, name: str) -> Any:
        return self.started[name].result()

    @property
    def bucket(self) -> Path:
        return self.project.folder.parent / "state" / "emulator" / "buckets" / BUCKET


def start(project: Project, pool: ThreadPoolExecutor) -> Programs:
    """One in a shell that has evaluated `submit emulator env`, the others by `submit emulator exec`."""
    evaluated = f'eval "$({sys.executable} -m submit.cli emulator env)" && exec {sys.executable} {{}}'
    commands = {"vertex_sdk": ["sh", "-c", evaluated.format(PROGRAMS / "vertex_sdk.py")]}
    for name in ("low_level", "other_libraries", "virtual_machine", *(["tensorflow_files"] if TENSORFLOW else [])):
        commands[name] = project.command("emulator", "exec", "--", sys.executable, str(PROGRAMS / f"{name}.py"))
    return Programs(project, {name: pool.submit(run, project, command) for name, command in commands.items()})


def run(project: Project, argv: list[str]) -> Any:
    """What the program says at its end."""
    done = subprocess.run(
        argv,
        cwd=project.folder,
        env=project.environ,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Iterator[Programs]:
    folder = tmp_path_factory.mktemp("clients")
    project = Project.of(folder, cache)
    project.environ["GOOGLE_CLOUD_PROJECT"] = PROJECT
    started = project.submit("emulator", "start", "--concurrency", "4")
    assert started.code == 0, started.err
    prepare(project, started.out.strip())
    with ThreadPoolExecutor(4) as pool:
        yield start(project, pool)
    project.submit("emulator", "stop")


def prepare(project: Project, url: str) -> None:
    bucket = Programs(project, {}).bucket
    body = {"name": BUCKET, "location": "us-central1"}
    httpx.post(f"{url}/storage/v1/b?project={PROJECT}", json=body, trust_env=False).raise_for_status()
    shutil.copy(make_wheel(project.folder)["path"], bucket)
    (bucket / "for-trainer.txt").write_text("hello")
