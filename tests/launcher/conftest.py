"""Real launchers with real trainers: a trainer is a module in the replica's working folder, unless a test is about
packages."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from submit import launcher

PYTHON = os.path.realpath(sys.executable)
UV = shutil.which("uv", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
LINUX = sys.platform == "linux"

linux_only = pytest.mark.skipif(not LINUX, reason="needs /proc and prctl")


@dataclass
class Replica:
    """A replica's files, and its launcher while it runs."""

    task: dict[str, Any]
    folder: Path
    python: str = PYTHON
    prefix: list[str] = field(default_factory=list)
    env: dict[str, str] = field(default_factory=lambda: dict(os.environ))
    process: subprocess.Popen[bytes] | None = None
    control: socket.socket | None = None

    def write_trainer(self, source: str) -> None:
        (Path(self.task["cwd"]) / "trainer.py").write_text(source)

    def start(self, *, control: bool = True) -> None:
        path = self.folder / "task.json"
        path.write_text(json.dumps(self.task))
        argv = [*self.prefix, self.python, "-I", "-S", launcher.__file__, str(path)]
        ours, theirs = socket.socketpair()
        if control:
            argv += ["--control", str(theirs.fileno())]
            self.control = ours
        self.process = subprocess.Popen(argv, env=self.env, pass_fds=[theirs.fileno()])
        theirs.close()
        if not control:
            ours.close()

    def wait(self, timeout_s: float = 30) -> int:
        assert self.process
        return self.process.wait(timeout_s)

    def run(self) -> int:
        self.start(control=False)
        return self.wait()

    def tell(self, order: str) -> None:
        assert self.control
        self.control.sendall(order.encode() + b"\n")

    def events(self) -> list[dict[str, Any]]:
        """All that the launcher told, to the end of the channel."""
        assert self.control
        with self.control.makefile() as lines:
            return [json.loads(line) for line in lines]

    def log(self) -> list[dict[str, Any]]:
        path = Path(self.task["log"])
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def output(self) -> list[str]:
        """The trainer's own messages."""
        return [entry["message"] for entry in self.log() if entry["stream"]]

    def record(self) -> dict[str, Any]:
        record: dict[str, Any] = json.loads(Path(self.task["record"]).read_text())
        return record

    def wait_for(self, message: str) -> None:
        wait_until(lambda: message in self.output())

    def close(self) -> None:
        if self.control:
            self.control.close()
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(20)


def wait_until(holds: Callable[[], bool], timeout_s: float = 15) -> None:
    deadline = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


def alive(pid: int) -> bool:
    """Whether the process runs; one that only waits to be reaped does not."""
    if LINUX:
        with contextlib.suppress(OSError):
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


def task_in(folder: Path, cache: Path) -> dict[str, Any]:
    """The task of a single replica with no package, which runs the module `trainer` of its working folder."""
    cwd = folder / "work"
    cwd.mkdir()
    return {
        "job": "job1",
        "replica": "workerpool0-0",
        "role": "chief",
        "index": 0,
        "restart": 0,
        "trial": None,
        "log": str(folder / "log.jsonl"),
        "record": str(folder / "record.json"),
        "cwd": str(cwd),
        "packages": [],
        "cache": str(cache),
        "python": PYTHON,
        "installer": UV,
        "builder": None,
        "module": "trainer",
        "container": None,
        "args": [],
        "hyperparameters": {},
        "job_dir": None,
        "base_output_dir": None,
        "project": "local",
        "region": "us-central1",
        "cluster": {"workerpool0": ["127.0.0.1:40001"]},
        "open_ports": [],
        "use_chief": True,
        "env": {},
        "bucket_root": None,
        "metric_file": None,
        "metric_tag": None,
        "memory_limit_bytes": None,
        "cpus": 2,
        "grace_s": 10.0,
    }


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for the tests that are not about the cache."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def task(tmp_path: Path, cache: Path) -> dict[str, Any]:
    return task_in(tmp_path, cache)


@pytest.fixture
def replica(task: dict[str, Any], tmp_path: Path) -> Iterator[Replica]:
    replica = Replica(task, tmp_path)
    yield replica
    replica.close()
