"""The emulator as a process in the background: start, status, stop. Its data folder knows all about it."""

from __future__ import annotations

import fcntl
import importlib.util
import json
import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from submit.emulator.options import LOOPBACK, Options, is_wildcard, netloc
from submit.emulator.outside import outside
from submit.engine.processes import reap, spawn, wait
from submit.errors import ErrorKind, ServiceError, UsageError

READY = "emulator.json"
"""In the data folder: where it answers, as long as it does."""
LOCK = "emulator.lock"
"""Beside it; held as long as the process lives."""
START_S = 60.0
"""On a machine that has much else to do; an emulator that died is noticed at once."""
STOP_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """Where a running emulator answers; `host` is the address that it listens on."""

    pid: int
    host: str
    port: int
    grpc_port: int

    @property
    def address(self) -> str:
        """Where clients on this machine find it."""
        return LOOPBACK if is_wildcard(self.host) else self.host

    @property
    def rest(self) -> str:
        return netloc(self.address, self.port)

    @property
    def url(self) -> str:
        return f"http://{self.rest}"

    @property
    def grpc(self) -> str:
        return netloc(self.address, self.grpc_port)


def status(data: Path) -> Endpoints | None:
    """The endpoints of the emulator that runs on this data folder; None if none does."""
    if not _is_locked(data / LOCK):
        return None
    try:
        known = json.loads((data / READY).read_text())
    except (FileNotFoundError, ValueError):
        return None
    return Endpoints(**known)


def start(data: Path, options: Options) -> Endpoints:
    """The running emulator, started if there was none."""
    for needed in ("uvicorn", "cryptography", "re2"):
        if importlib.util.find_spec(needed) is None:
            raise UsageError(f"the emulator needs `{needed}`", hint="Install it: pip install 'jobdir[emulator]'")
    running = status(data)
    if running is not None:
        if options.port not in (0, running.port) or options.host != running.host:
            where = netloc(running.host, running.port)
            hint = "Stop it first: submit emulator stop"
            raise ServiceError(f"the emulator runs already, on {where}", kind=ErrorKind.EXISTS, hint=hint)
        return running
    for folder in (data.parent, data):  # both for the user alone: the one above may be the state folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (data / READY).unlink(missing_ok=True)
    (data / "token").write_text("local")
    log = data / "emulator.log"
    argv = [sys.executable, "-m", "submit.emulator.server", str(data), options.to_json()]
    pid = spawn(argv, env=outside(os.environ), output=log, session=True)
    return _wait_until_ready(pid, data, log)


def stop(data: Path) -> bool:
    """Whether one was running; jobs that run go on, and are there when it is started again."""
    running = status(data)
    if running is None:
        return False
    os.kill(running.pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_S
    while _is_locked(data / LOCK) or not reap(running.pid):
        if time.monotonic() > deadline:
            os.kill(running.pid, signal.SIGKILL)
        time.sleep(0.01)
    return True


def _wait_until_ready(pid: int, data: Path, log: Path) -> Endpoints:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        found = status(data)
        if found is not None:
            return found
        if reap(pid):
            break
        time.sleep(0.01)
    else:
        os.kill(pid, signal.SIGKILL)
        wait(pid)
    lines = log.read_text(errors="replace").strip().splitlines()
    reason = lines[-1] if lines else "it said nothing"
    raise ServiceError(f"the emulator did not start: {reason}", kind=ErrorKind.INTERNAL, hint=f"See {log}.")


def _is_locked(path: Path) -> bool:
    try:
        file = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False
