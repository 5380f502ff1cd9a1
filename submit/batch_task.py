"""One replica of a job on a batch cluster: finds its place among the others, and looks after its launcher.

Started by the job's wrapper, in the job's folder, as
`python -I -S batch_task.py job.json RANK RESTART ID ADDRESS [ELEMENT]`: which task of the job this is, how often the
scheduler has started the job again, the scheduler's own id of it, and under which address other nodes reach this one.
What the tasks tell each other are files in the folder, which all nodes share:

    records/REPLICA.RESTART.json   how the replica is, and in the end how it ended
    addresses/RESTART/REPLICA      where it listens
    fence.RESTART                  that run of the job has begun: whoever is left of an earlier one ends
    stop.RESTART                   a replica has ended the job: the others end as well

An element of an array is a trial with its own replicas and restarts; its number comes before them in each name:
`records/7.REPLICA.RESTART.json`, `addresses/7.RESTART/REPLICA`, `fence.7.RESTART`.

One file, standard library only, Python 3.8 and later, since it travels with the job.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

LOOK_S = 0.2  # between looks at the launcher
LOOK_AROUND_S = 1.0  # between looks at the shared folder
UNFIT = 125  # the exit code of a task whose trainer could not be started, as the launcher has it


class Member:
    """A replica's place: the `index`-th of its pool; names are those of Vertex AI."""

    def __init__(self, pool: Mapping[str, Any], index: int) -> None:
        self.pool = pool
        self.index = index
        self.name = "{}-{}".format(pool["name"], index)


def members(job: Mapping[str, Any]) -> list[Member]:
    """All replicas by their rank, the primary one first."""
    return [Member(pool, index) for pool in job["pools"] for index in range(pool["replicas"])]


def cluster(replicas: Sequence[Member], addresses: Mapping[str, str]) -> dict[str, list[str]]:
    """The addresses of each pool, for `CLUSTER_SPEC`."""
    found: dict[str, list[str]] = {}
    for member in replicas:
        found.setdefault(member.pool["name"], []).append(addresses[member.name])
    return found


def reserved_port() -> socket.socket:
    """A bound socket that does not listen: its port is given to nobody who asks for any, and the trainer can bind it,
    for servers set SO_REUSEADDR."""
    holder = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "SO_REUSEPORT"):
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    holder.bind(("", 0))
    return holder


def write_json(path: str, value: Mapping[str, Any]) -> None:
    """Replaces a file as a whole: a reader sees the old content or the new."""
    write(path, json.dumps(value))


def write(path: str, text: str) -> None:
    os.makedirs(os.path.dirname(path) or ".", mode=0o700, exist_ok=True)
    draft = "{}.{}.{}".format(path, socket.gethostname(), os.getpid())
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())  # other nodes look at it
    os.replace(draft, path)


def rest(process: subprocess.Popen[bytes]) -> None:
    """Until it ends, or for `LOOK_S`."""
    if not hasattr(signal, "sigtimedwait"):
        time.sleep(LOOK_S)
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    try:
        if process.poll() is None:
            signal.sigtimedwait({signal.SIGCHLD}, LOOK_S)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class EndError(Exception):
    """The replica is to end before its trainer has run; why."""


class Task:
    """`turn` tells this run of the job, or of the array's element `trial`, from the others, and `place` that of the
    replica: `2` and `workerpool1-0.2`, `7.2` and `7.workerpool1-0.2`."""

    def __init__(
        self, job: Mapping[str, Any], rank: int, restart: int, scheduler_id: str, address: str, trial: str = ""
    ) -> None:
        self.job = job
        self.trial = trial
        self.replicas = members(job)
        self.member = self.replicas[rank]
        self.restart = restart
        self.address = address
        self.turn = self.named(str(restart))
        self.place = self.named("{}.{}".format(self.member.name, restart))
        self.why = ""  # it was told to end
        self.record: dict[str, Any] = {
            "replica": self.member.name,
            "restart": restart,
            "id": scheduler_id,
            "node": socket.gethostname(),
            "state": "RUNNING",
            "started": time.time(),
            "job_dir": os.path.join(self.job_dir(), trial) if trial else self.job_dir(),
        }
        self._next_look = 0.0
        self._written = 0
        self._silent_since: float | None = None  # its launcher has not begun

    def named(self, name: str) -> str:
        """What is this element's own."""
        return "{}.{}".format(self.trial, name) if self.trial else name

    def job_dir(self) -> str:
        """Outside of the job's folder: who deletes a job keeps its model. All elements of an array have the same; the
        launcher gives each a folder in it."""
        given = os.path.expanduser(self.job["job_dir"] or "")
        return given or os.path.abspath(os.path.join("..", "..", "output", self.job["key"]))

    def run(self) -> int:
        """The whole life of the replica; returns the exit code of the task."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._told)
        if self.is_superseded():
            return UNFIT  # nothing is written: the record belongs to the run that has come after
        write("fence.{}".format(self.turn), "")
        self._keep(state="RUNNING")
        try:
            port = reserved_port()
            task = self.task(self.addresses(port.getsockname()[1]), port.getsockname()[1])
            code = self.launch(task)
        except EndError as end:
            code = UNFIT
            self._keep(state="ENDED", ended=time.time(), exit_code=None, cause="environment", message=str(end))
        if self.why not in ("told", "superseded") and (code or self.member is self.replicas[0]):
            write("stop.{}".format(self.turn), self.member.name)
        return 0 if self.why == "peer" else code

    def addresses(self, port: int) -> dict[str, str]:
        """Where each replica listens, when all have come."""
        folder = "addresses/{}".format(self.turn)
        write("{}/{}".format(folder, self.member.name), "{}:{}".format(self.address, port))
        wanted = [member.name for member in self.replicas]
        deadline = time.monotonic() + self.job["rendezvous_s"]
        while True:
            here = [name for name in wanted if os.path.exists("{}/{}".format(folder, name))]
            if here == wanted:
                return {name: read("{}/{}".format(folder, name)) for name in wanted}
            if time.monotonic() > deadline:
                missing = ", ".join(sorted(set(wanted) - set(here)))
                raise EndError("these replicas have not come: {}".format(missing))
            self._look_around()
            if self.why:
                raise EndError("it was told to end before all replicas had come")
            time.sleep(LOOK_S)

    def task(self, addresses: Mapping[str, str], port: int) -> dict[str, Any]:
        """What the launcher reads."""
        job, member = self.job, self.member
        return {
            "job": job["key"],
            "replica": member.name,
            "role": member.pool["role"],
            "index": member.index,
            "trial": self.trial or None,
            "restart": self.restart,
            "cluster": cluster(self.replicas, addresses),
            "open_ports": [port],
            "use_chief": job["use_chief"],
            "project": job["project"],
            "region": job["region"],
            "memory_limit_bytes": job["memory_limit_bytes"],
            "cpus": member.pool["cpus"],
            "grace_s": job["grace_s"],
            **self._program(),
            **self._files(),
        }

    def _program(self) -> dict[str, Any]:
        """What is run, and with what."""
        pool = self.member.pool
        return {
            "python": sys.executable,
            "builder": sys.executable,
            "installer": shutil.which("uv"),
            "layered": self.job.get("layered", False),
            "module": pool["module"],
            "container": None,
            "args": pool["args"],
            "hyperparameters": self.point(),
            "env": pool["env"],
        }

    def point(self) -> Mapping[str, str]:
        """Of a study's trial, its place in the search: the hyperparameters."""
        return self.job["points"][int(self.trial) - 1] if self.job.get("points") else {}

    def _files(self) -> dict[str, Any]:
        """Where everything is; the folders that are to be written to are made."""
        job, root = self.job, os.path.abspath(os.path.join("..", ".."))
        work = os.path.abspath(os.path.join("work", self.named(self.member.name)))
        for folder in (work, os.path.abspath("logs"), self.tasks()):
            os.makedirs(folder, mode=0o700, exist_ok=True)
        return {
            "log": os.path.abspath("logs/{}.jsonl".format(self.place)),
            "record": os.path.join(self.tasks(), "{}.record.json".format(self.place)),
            "cwd": work,
            "packages": [{**package, "path": os.path.join(root, package["path"])} for package in job["packages"]],
            "cache": os.path.join(root, "cache"),
            "job_dir": self.job_dir(),
            "base_output_dir": job["base_output_dir"],
            "bucket_root": None,
            **self._metrics(),
        }

    def _metrics(self) -> dict[str, Any]:
        """Where a study's trial is to leave its metric, and under which name."""
        study = self.job.get("study")
        if not study:
            return {"metric_file": None, "metric_tag": None}
        os.makedirs("metrics", mode=0o700, exist_ok=True)
        path = os.path.abspath("metrics/{}.jsonl".format(self.place))
        return {"metric_file": path, "metric_tag": study["metrics"][0]["name"]}

    def tasks(self) -> str:
        """The folder of what the launcher is told and leaves."""
        return os.path.abspath(os.path.join("tasks", self.trial))

    def launch(self, task: Mapping[str, Any]) -> int:
        """Runs the launcher to its end, told to end if anything says so."""
        path = os.path.join(self.tasks(), "{}.json".format(self.place))
        write_json(path, task)
        launcher = os.path.join("..", "..", self.job["launcher"])
        process = subprocess.Popen([sys.executable, "-I", "-S", launcher, path])
        limit = self.job["timeout_s"]
        deadline = None if limit is None else time.monotonic() + limit
        told = False
        self._silent_since = time.monotonic()
        while process.poll() is None:
            if deadline is not None and time.monotonic() > deadline:
                self.why = self.why or "time-out"
            self._look_around()
            if self.why and not told:
                told = True
                process.terminate()  # it passes that on, with grace
            rest(process)
        self._ended(task, process.returncode)
        return process.returncode if process.returncode >= 0 else 128 - process.returncode

    def _ended(self, task: Mapping[str, Any], code: int) -> None:
        try:
            record = json.loads(read(task["record"]))
        except (OSError, ValueError):
            message = "its launcher ended without an exit record ({})".format(code)
            record = {"exit_code": None, "cause": "environment", "message": message}
        names = ("exit_code", "cause", "message", "traceback", "peak_memory_bytes", "cpu_s", "metrics")
        self._keep(state="ENDED", ended=time.time(), **{name: record.get(name) for name in names})

    def _keep(self, **changes: Any) -> None:
        self.record.update(changes, why=self.why or None)
        write_json("records/{}.json".format(self.place), self.record)

    def _told(self, *_: object) -> None:
        self.why = self.why or "told"

    def _look_around(self) -> None:
        now = time.monotonic()
        if now >= self._next_look:
            self._next_look = now + LOOK_AROUND_S
            if self.is_superseded():
                self.why = self.why or "superseded"
            elif os.path.exists("stop.{}".format(self.turn)):
                self.why = self.why or "peer"
            elif self._is_silent(now):
                self.why = self.why or "silence"

    def _is_silent(self, now: float) -> bool:
        """Whether no replica has written anything for too long, which one of them watches. Sizes are compared and not
        times, since the clocks of nodes differ."""
        limit = self.job.get("max_silence_s")
        if limit is None or self._silent_since is None or self.member is not self.replicas[0]:
            return False
        logs = ("logs/{}.jsonl".format(self.named("{}.{}".format(each.name, self.restart))) for each in self.replicas)
        written = sum(os.path.getsize(log) for log in logs if os.path.exists(log))
        if written != self._written:
            self._written, self._silent_since = written, now
        return bool(now - self._silent_since >= limit)

    def is_superseded(self) -> bool:
        return os.path.exists("fence.{}".format(self.named(str(self.restart + 1))))


def read(path: str) -> str:
    with open(path, encoding="utf-8") as file:
        return file.read()


def main(arguments: Sequence[str]) -> int:
    path, rank, restart, scheduler_id, address, *trial = arguments
    return Task(json.loads(read(path)), int(rank), int(restart), scheduler_id, address, *trial).run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
