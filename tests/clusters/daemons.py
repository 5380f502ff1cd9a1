"""Daemons of a cluster as children of ours, which leave nothing behind."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PATIENCE_S = 120.0
"""how long anything here may take on a machine that has other work; only what fails takes as long"""
PATH = f"{os.environ['PATH']}:/usr/sbin:/sbin"


def absent(programs: Sequence[str]) -> str:
    """Which of them are not here, as a sentence; empty if all are."""
    names = [program for program in programs if not shutil.which(program, path=PATH)]
    return f"not installed: {', '.join(names)}" if names else ""


def free_ports(count: int) -> list[int]:
    """Different ports of loopback that nobody uses now."""
    with contextlib.ExitStack() as stack:
        holders = [stack.enter_context(socket.socket()) for _ in range(count)]
        for holder in holders:
            holder.bind(("127.0.0.1", 0))
        return [holder.getsockname()[1] for holder in holders]


def wait_until(true: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline, f"{what}: not within {PATIENCE_S:g} s"
        time.sleep(0.05)


@dataclass
class Daemons:
    """Processes of one cluster, by name. `folder` is its own, and `env` the environment of its clients as well.

    `env` names the folder, so that what the cluster has started is known by its environment.
    """

    folder: Path
    env: Mapping[str, str]
    _running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, *argv: str, also: Mapping[str, str] = {}) -> None:
        """In the foreground, with a log of its own; it ends when we do."""
        log = self.folder / f"{name}.log"
        with log.open("ab") as file:
            self._running[name] = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *argv],
                env={**self.env, **also},
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
            )

    def run(self, *argv: str, stdin: str = "") -> str:
        """A client's command; its standard output."""
        done = self.attempt(*argv, stdin=stdin)
        assert done.returncode == 0, f"{argv}: {done.stdout}{done.stderr}"
        return done.stdout

    def attempt(self, *argv: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            argv,
            env=self.env,
            cwd=self.folder,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_S,
        )

    def works(self, *argv: str) -> bool:
        return self.attempt(*argv).returncode == 0

    def until(self, true: Callable[[], bool], name: str) -> None:
        """Waits for what a daemon does; says what it wrote if it ends."""
        process = self._running[name]

        def reached() -> bool:
            assert process.poll() is None, f"{name} has ended:\n{self.said(name)}"
            return true()

        wait_until(reached, name)

    def said(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")[-3000:]

    def kill(self, name: str) -> None:
        """As if its machine had lost power, but for what it has started."""
        process = self._running.pop(name)
        process.kill()
        process.wait()

    def stop(self, name: str) -> None:
        process = self._running.pop(name)
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def send(self, name: str, number: signal.Signals) -> None:
        self._running[name].send_signal(number)

    def kill_kin(self, name: str) -> None:
        """All that has come of a daemon and has its name, such as those of `sshd`, one or two for each connection."""
        for pid in list(_kin(self._running[name].pid, name)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def children(self, name: str) -> list[int]:
        return [pid for pid in _processes() if _parent(pid) == self._running[name].pid]

    def stop_all(self) -> None:
        """At once, for nothing of them is needed any more; with all that they have started."""
        for name in reversed(list(self._running)):
            self.kill(name)
        wait_until(self._sweep, "the end of what the cluster has started")

    def _sweep(self) -> bool:
        strays = self.strays()
        for pid in strays:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return not strays

    def strays(self) -> list[int]:
        """Processes that have the cluster's folder in their environment."""
        wanted = os.fsencode(self.folder)
        return [pid for pid in _processes() if pid != os.getpid() and wanted in _environment(pid)]


def _processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def command_of(pid: int) -> bytes:
    """Empty for those that are gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _parent(pid: int) -> int | None:
    """None for those that are gone."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None


def _kin(pid: int, name: str) -> Iterator[int]:
    for child in _processes():
        if _parent(child) == pid and _name(child) == name:
            yield child
            yield from _kin(child, name)


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def _environment(pid: int) -> bytes:
    """Empty for those that are gone, or that are not ours."""
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return b""
