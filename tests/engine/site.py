"""An engine in a folder of its own, and jobs whose trainer is a piece of source text."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from submit.engine import Engine
from tests.project import REPOSITORY, wait_until

ENDED = ("SUCCEEDED", "FAILED", "CANCELLED")
FILES = {
    "trainer/__init__.py": "",
    # The trainer is its first argument: one package, and so one environment, serves all tests.
    "trainer/task.py": "import sys\nexec(compile(sys.argv.pop(1), 'task.py', 'exec'))\n",
    "trainer-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: trainer\nVersion: 1\n",
    "trainer-1.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
}


def make_wheel(folder: Path) -> dict[str, Any]:
    """A package as a job request names it."""
    path = folder / "trainer-1-py3-none-any.whl"
    record = "".join(f"{name},sha256={_hash(text)},{len(text)}\n" for name, text in FILES.items())
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in FILES.items():
            archive.writestr(name, text)
        archive.writestr("trainer-1.dist-info/RECORD", record + "trainer-1.dist-info/RECORD,,\n")
    return {"path": str(path), "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def _hash(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


@dataclass
class Site:
    root: Path
    cache: Path
    concurrency: int
    engine: Engine
    package: dict[str, Any]

    def creator(self, **env: str) -> subprocess.Popen[str]:
        """Another client, which creates a job for each request that is written to it and answers with a line."""
        argv = [sys.executable, "-m", "tests.engine.creator", str(self.root), str(self.cache), str(self.concurrency)]
        pipe = subprocess.PIPE
        return subprocess.Popen(argv, cwd=REPOSITORY, env={**os.environ, **env}, text=True, stdin=pipe, stdout=pipe)

    def request(self, job: str, source: str = "", *args: str, **more: Any) -> dict[str, Any]:
        chief = self.pool("chief", source, *args)
        common = {"id": job, "submission_id": f"{job}/1", "packages": [self.package], "pools": [chief], "grace_s": 1.0}
        return common | more

    def pool(self, role: str, source: str, *args: str, replicas: int = 1) -> dict[str, Any]:
        return {"role": role, "replicas": replicas, "module": "trainer.task", "args": [source, *args], "env": {}}

    def create(self, job: str, source: str = "", *args: str, **more: Any) -> None:
        self.engine.create(self.request(job, source, *args, **more))

    def run(self, job: str, source: str = "", *args: str, **more: Any) -> dict[str, Any]:
        self.create(job, source, *args, **more)
        return self.wait(job)

    def get(self, job: str) -> dict[str, Any]:
        (found,) = self.engine.get([job])
        return found

    def wait(self, job: str, *states: str) -> dict[str, Any]:
        """The job, once it is in one of the states (default: it has ended)."""
        wait_until(lambda: self.get(job)["state"] in (states or ENDED), timeout=30)
        return self.get(job)

    def wait_for_output(self, job: str, text: str) -> None:
        wait_until(lambda: text in self.messages(job))

    def log(self, job: str) -> list[dict[str, Any]]:
        data = self.engine.read_log(job, 0, limit=1 << 30)["data"]
        return [json.loads(line) for line in str(data).splitlines()]

    def messages(self, job: str, replica: str | None = None) -> list[str]:
        return [entry["message"] for entry in self.log(job) if replica in (None, entry["replica"])]

    def output(self, job: str) -> list[str]:
        """What the trainers wrote themselves."""
        return [entry["message"] for entry in self.log(job) if entry["stream"]]

    def folder(self, job: str) -> Path:
        return self.root / "jobs" / job

    def environment(self, job: str) -> Path:
        return self.root / "environments" / f"{job}.json"

    def supervisor(self, job: str) -> int:
        return int((self.folder(job) / "lock").read_text())

    def processes(self, job: str) -> list[int]:
        """All processes of the job: they have the path of their task in their environment (Linux)."""
        mark = f"JOBDIR_TASK={self.folder(job)}/".encode()
        return [int(entry.name) for entry in Path("/proc").glob("[0-9]*") if mark in _environ(entry)]

    def drain(self) -> None:
        """Cancels what is left and waits until no supervisor owns anything."""
        for job in self.engine.list():
            self.engine.cancel(str(job["id"]))
        for job in self.engine.list():
            self.wait(str(job["id"]))
        time.sleep(0.02)


def _environ(process: Path) -> bytes:
    try:
        return (process / "environ").read_bytes()
    except OSError:
        return b""
