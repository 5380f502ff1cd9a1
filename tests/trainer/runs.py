"""Runs of the trainer as a user or a service starts it: a process of its own, in a working folder of its own."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[2]
TIMEOUT_S = 60


@dataclass(frozen=True)
class Ended:
    """A run that is over; `exit_code` is negative after a signal."""

    exit_code: int
    out: str
    err: str

    @property
    def epochs(self) -> list[int]:
        """The epochs that it told of."""
        return [int(number) for number in re.findall(r"^INFO:trainer:epoch (\d+) ", self.out, re.MULTILINE)]

    @property
    def last_line(self) -> str:
        return self.out.splitlines()[-1]


def environment(extra: Mapping[str, str], home: Path) -> dict[str, str]:
    """This process's environment without what a training service sets, and with no account to be found."""
    service = re.compile("AIP_|CLOUD_ML_|CLOUDSDK_|GOOGLE_|CLUSTER_SPEC|TF_CONFIG|GCS_ROOT|STORAGE_EMULATOR_HOST")
    kept = {name: value for name, value in os.environ.items() if not service.match(name)}
    ours = {"PYTHONPATH": str(PROJECT), "HOME": str(home), "NO_GCE_CHECK": "true"}
    return {**kept, **ours, **extra}


def start(folder: Path, *arguments: str, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "trainer.task", *arguments],
        cwd=folder,
        env=environment(env or {}, folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str], read: str = "") -> Ended:
    """Waits for the end. `read` is what has been read of its output so far."""
    with process:
        try:
            out, err = process.communicate(timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    return Ended(process.returncode, read + out, err)


def train(folder: Path, *arguments: str, env: Mapping[str, str] | None = None) -> Ended:
    return finish(start(folder, *arguments, env=env))


def read_until(process: subprocess.Popen[str], text: str) -> str:
    """The output up to the first line with `text` in it."""
    assert process.stdout is not None
    read = ""
    for line in process.stdout:
        read += line
        if text in line:
            return read
    raise AssertionError(f"it ended before it said {text!r}:\n{read}")


def checkpoint_steps(folder: Path) -> list[int]:
    return sorted(int(path.name.split("-")[1]) for path in folder.glob("step-*.npz"))


class Cluster:
    """A chief, workers, a parameter server and an evaluator at free loopback ports."""

    def __init__(self, *, workers: int) -> None:
        ports = iter(_free_ports(workers + 3))
        pools = {"workerpool0": 1, "workerpool1": workers, "workerpool2": 1, "workerpool3": 1}
        self.addresses = {pool: [f"127.0.0.1:{next(ports)}" for _ in range(count)] for pool, count in pools.items()}

    def env(self, pool: int, index: int = 0) -> dict[str, str]:
        spec = {
            "cluster": self.addresses,
            "task": {"type": f"workerpool{pool}", "index": index},
            "environment": "cloud",
        }
        return {"CLUSTER_SPEC": json.dumps(spec)}


@contextmanager
def running(*processes: subprocess.Popen[str]) -> Iterator[None]:
    """Ends, at the latest on leaving, whatever still runs."""
    with ExitStack() as stack:
        for process in processes:
            stack.enter_context(process)
            stack.callback(process.kill)
        yield


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [sock.getsockname()[1] for sock in sockets]
