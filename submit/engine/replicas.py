"""One replica of a job: a launcher process on a control channel, started again if the run says so."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from submit.engine.containers import remove_containers
from submit.engine.folder import RunFolder, read_json, write_json
from submit.engine.journal import end_torn_line
from submit.engine.loop import Loop, Timer
from submit.engine.outcome import Record, crashed_launcher
from submit.engine.processes import Group, spawn, wait
from submit.engine.strays import MARK, kill_adopted, kill_groups, kill_marked
from submit.engine.tasks import Member

_LAUNCHER = Path(__file__).with_name("launch.py")
_PATIENCE_S = 10.0
"""So long after the end of its grace a launcher may take to end everything, before it is killed itself."""


class Replica:
    """`task` is the member's task; `env` what its launcher inherits; `errors` a file for a launcher's own crashes."""

    def __init__(
        self, member: Member, task: Mapping[str, Any], *, folder: RunFolder, env: Mapping[str, str], errors: Path
    ) -> None:
        self.member = member
        self.name = member.name
        self.state = "QUEUED"
        self.restarts = 0
        self.told = False
        self.record: Record | None = None
        self.groups: list[Group] = []
        self._task, self._folder, self._env, self._errors = task, folder, env, errors

    @property
    def running(self) -> bool:
        """Whether there is a launcher."""
        return self.state in ("PREPARING", "RUNNING")

    def start(self, loop: Loop, changed: Callable[[Replica], None], ended: Callable[[Replica, Record], None]) -> None:
        """Starts (or, after `ended`, starts again) the launcher. `ended` is called when nothing of it is left."""
        self._loop, self._changed, self._ended = loop, changed, ended
        self._text = b""
        self._event: Mapping[str, Any] | None = None
        self._killer: Timer | None = None
        ours, theirs = socket.socketpair()
        with theirs:
            self._pid = self._spawn(theirs.fileno())
        self._channel = ours
        self.groups = [group for group in [Group.of(self._pid)] if group]
        self.state = "PREPARING"
        loop.watch(ours.fileno(), self._hear)

    def restart(self) -> None:
        self.restarts += 1
        self.start(self._loop, self._changed, self._ended)

    def move(self) -> None:
        """Starts again on another machine: nothing of its working folder is there."""
        from shutil import rmtree  # only here: it would slow down every first job

        rmtree(self._folder.work(self.name), ignore_errors=True)
        self.told = False
        self.restart()

    def terminate(self, grace_s: float) -> None:
        """SIGTERM, and SIGKILL after the grace; told once only as long as it runs."""
        if not self.running or self.told:
            return
        self.told = True
        self._tell(f"term {grace_s:g}")
        self._killer = self._loop.later(grace_s + _PATIENCE_S, self._kill_launcher)

    def abandon(self) -> None:
        """Ends everything at once, without waiting: for a supervisor that cannot go on."""
        if self.running:
            self._kill_launcher()
            self._channel.close()
            wait(self._pid)
            self._end_strays()
            self.state = "FAILED"

    def status(self) -> dict[str, Any]:
        record = self.record
        return {
            "name": self.name,
            "state": self.state,
            "exit_code": record.exit_code if record else None,
            "restarts": self.restarts,
            "peak_memory_bytes": record.peak_memory_bytes if record else None,
            "cpu_s": record.cpu_s if record else None,
        }

    def _spawn(self, control: int) -> int:
        path = self._folder.task(self.name)
        record = self._folder.record(self.name, self.restarts)
        write_json(path, {**self._task, "restart": self.restarts, "record": str(record)})
        self._folder.work(self.name).mkdir(mode=0o700, exist_ok=True)
        argv = [self._task["python"], "-I", "-S", str(_LAUNCHER), str(path), "--control", str(control)]
        env = {**self._env, MARK: str(path)}
        return spawn(argv, env=env, output=self._errors, keep=control, session=False)

    def _tell(self, order: str) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it has just ended by itself
            self._channel.sendall(order.encode() + b"\n")

    def _hear(self) -> None:
        try:
            data = self._channel.recv(65536)
        except ConnectionResetError:
            data = b""
        *lines, self._text = (self._text + data).split(b"\n")
        for line in lines:
            self._take(json.loads(line))
        if not data:
            self._gone()

    def _take(self, event: Mapping[str, Any]) -> None:
        match event["event"]:
            case "running":
                self.state = "RUNNING"
                self.groups += [group for group in [Group.of(event["pgid"])] if group]
                self._changed(self)
            case "ended":
                self._event = event

    def _gone(self) -> None:
        """The launcher has closed the channel, which it does by ending."""
        self._loop.forget(self._channel.fileno())
        self._channel.close()
        status = wait(self._pid)
        if self._killer:
            self._killer.cancel()
        event = self._event or read_json(self._folder.record(self.name, self.restarts))
        if event is None:
            self._end_strays()
        self.groups = []
        self.record = Record.parse(event) if event else self._crashed(status)
        self.state = "SUCCEEDED" if self.record.cause is None and self.record.exit_code == 0 else "FAILED"
        self._ended(self, self.record)

    def _crashed(self, status: int) -> Record:
        return crashed_launcher(self.name, status, told=self.told, ran=self.state == "RUNNING")

    def _kill_launcher(self) -> None:
        os.kill(self._pid, signal.SIGKILL)  # our child, not reaped yet: nobody else's pid

    def _end_strays(self) -> None:
        """What a launcher that was killed could not end itself."""
        kill_marked(str(self._folder.task(self.name)))
        kill_groups(self.groups)
        kill_adopted()
        container = self._task["container"]
        if container and container["runtime"]:
            record = self._folder.record(self.name, self.restarts)
            remove_containers(container["runtime"], job=self._task["job"], record=str(record))
        end_torn_line(Path(self._task["log"]))
