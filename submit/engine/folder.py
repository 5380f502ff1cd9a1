"""Where the files of a job are, below the engine's root."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, NamedTuple


class RunFolder(NamedTuple):
    """The files of one run of a job's replicas: the job's own folder, or one below it for each trial."""

    path: Path

    def task(self, replica: str) -> Path:
        return self.path / "tasks" / f"{replica}.json"

    def record(self, replica: str, restart: int) -> Path:
        return self.path / "records" / f"{replica}.{restart}.json"

    def environment(self, replica: str) -> Path:
        """What was installed for it, as its launcher says."""
        return self.path / "records" / f"{replica}.environment.json"

    def work(self, replica: str) -> Path:
        return self.path / "work" / replica

    def metrics(self, replica: str) -> Path:
        return self.path / "metrics" / replica

    def make(self) -> None:
        for name in ("tasks", "records", "work", "metrics"):
            (self.path / name).mkdir(mode=0o700, parents=True, exist_ok=True)


class JobFolder(NamedTuple):
    """`jobs/<id>`. `ended` appears when the job has ended and wins over what the store says of an unowned job."""

    path: Path

    @classmethod
    def of(cls, root: Path, job: str) -> JobFolder:
        return cls(root / "jobs" / job)

    @property
    def log(self) -> Path:
        return self.path / "log.jsonl"

    @property
    def lock(self) -> Path:
        return self.path / "lock"

    @property
    def control(self) -> Path:
        return self.path / "control"

    @property
    def job(self) -> Path:
        """What `create` was given, from which a lost store is rebuilt."""
        return self.path / "job.json"

    @property
    def environment(self) -> Path:
        """The submitter's environment variables, which the job's processes inherit; gone when the queue is left."""
        return environments(self.path.parent.parent) / f"{self.path.name}.json"

    @property
    def ended(self) -> Path:
        return self.path / "ended.json"

    @property
    def launchers(self) -> Path:
        """What launchers themselves wrote to their standard error: empty unless one crashed."""
        return self.path / "launchers.log"

    def run(self, trial: str | None = None) -> RunFolder:
        return RunFolder(self.path if trial is None else self.path / "trials" / trial)


def environments(root: Path) -> Path:
    """Those of all queued jobs in one place, so that none is forgotten that a killed client left."""
    return root / "environments"


def write_json(path: Path, value: Any) -> None:
    """Writes a file that is either whole or not there, readable by its owner only."""
    unfinished = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(json.dumps(value).encode())  # ASCII, since a variable or a path may be no Unicode text
    unfinished.replace(path)


def read_json(path: Path) -> Any:
    """The file's value, or None if there is no such file."""
    try:
        return json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
