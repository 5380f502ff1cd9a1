"""One replica of a job on a batch cluster: finds its place among the others, and looks after its launcher.

Started by the job's wrapper, in the job's folder, as
`python -I -S batch_task.py job.json RANK RESTART ID ADDRESS [ELEMENT]`: which task of the job this is, how often the
scheduler has started the job again, the scheduler's own id of it, and under which address other nodes reach this one.
What the tasks tell each other are files in the folder, which all nodes share:

    records/REPLICA.RUN.json       how the replica is, and in the end how it ended
    addresses/RUN/REPLICA          where it listens
    fence.RESTART                  that run of the job has begun: whoever is left of an earlier one ends
    stop.RESTART                   a replica has ended the job: the others end as well
    verdict.RUN                    what a replica's end means for the trainers: whether all of them begin again

A run of the job may have several of its trainer, if it has `retries`: RESTART counts the scheduler's restarts alone,
RUN these as well.

An element of an array is a trial with its own replicas and restarts; its number comes before them in each name:
`records/7.REPLICA.RESTART.json`, `addresses/7.RESTART/REPLICA`, `fence.7.RESTART`.

One file, standard library only, Python 3.8 and later, since it travels with the job.
"""

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


def is_worth_retrying(record: Mapping[str, Any], exit_codes: Sequence[int]) -> bool:
    """Whether the trainer may do better next time. Without memory, a module or the right arguments it cannot."""
    if record["cause"] not in ("exit code", "signal") or record["exit_code"] not in exit_codes:
        return False
    return not any(word in (record.get("traceback") or "") for word in ("ModuleNotFoundError", "usage: "))


def publish(path: str, text: str) -> bool:
    """Whether we are the first to write that file; it is seen as a whole."""
    draft = "{}.{}.{}".format(path, socket.gethostname(), os.getpid())
    write(draft, text)
    try:
        os.link(draft, path)
    except FileExistsError:
        return False
    finally:
        os.unlink(draft)
    return True


class EndError(Exception):
    """The replica is to end before its trainer has run; why."""

    def __init__(self, message: str, cause: str = "environment") -> None:
        super().__init__(message)
        self.cause = cause


class Task:
    """`turn` tells this run of the job, or of the array's element `trial`, from the others, and `place` that of the
    replica: `2` and `workerpool1-0.2`, `7.2` and `7.workerpool1-0.2`."""

    def __init__(
        self, job: Mapping[str, Any], rank: int, restart: int, scheduler_id: str, address: str, trial: str = ""
    ) -> None:
        self.job = job
        self.trial = trial
        self.retry: Mapping[str, Any] = job["retry"]
        self.replicas = members(job)
        self.member = self.replicas[rank]
        self.restart = restart
        self.run_number = restart + (self.retries() if self.retry["exit_codes"] else 0)
        self.scheduler_id = scheduler_id
        self.address = address
        self.turn = self.named(str(restart))
        self.why = ""  # it was told to end
        self.is_told = False  # by the scheduler
        self.deadline: float | None = None
        self.record: dict[str, Any] = {}
        self._next_look = 0.0
        self._written = 0
        self._silent_since: float | None = None  # its launcher has not begun

    def named(self, name: str) -> str:
        """What is this element's own."""
        return "{}.{}".format(self.trial, name) if self.trial else name

    @property
    def place(self) -> str:
        return self.named("{}.{}".format(self.member.name, self.run_number))

    def retries(self) -> int:
        """How often the trainers have begun again for a reason of their own."""
        return sum(bool(self.verdict(number).get("again")) for number in range(self.restart + self.retry["limit"]))

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
        self.fence()
        code = self.once()
        while self.begins_again():
            code = self.once()
        if self.why not in ("told", "superseded") and (code or self.member is self.replicas[0]):
            write("stop.{}".format(self.turn), self.member.name)
        return 0 if self.why == "peer" else code

    def fence(self) -> None:
        """Of earlier runs as well: one that did not get as far has left none, and the run before it would go on."""
        for number in range(self.restart + 1):
            path = "fence.{}".format(self.named(str(number)))
            if not os.path.exists(path):
                write(path, "")

    def once(self) -> int:
        """One run of the trainer, from its first record to its last."""
        self.record = {
            "replica": self.member.name,
            "restart": self.run_number,
            "id": self.scheduler_id,
            "node": socket.gethostname(),
            "started": time.time(),
            "job_dir": os.path.join(self.job_dir(), self.trial) if self.trial else self.job_dir(),
        }
        self._keep(state="RUNNING")
        try:
            self.allow()
            port = reserved_port()
            task = self.task(self.addresses(port.getsockname()[1]), port.getsockname()[1])
            return self.launch(task)
        except EndError as end:
            self._keep(state="ENDED", ended=time.time(), exit_code=None, cause=end.cause, message=str(end))
            return UNFIT

    def allow(self) -> None:
        """The scheduler starts a job again as often as it likes; one with `retries` has a limit, and its causes."""
        if not (self.retry["limit"] and self.restart):
            return
        cause, times = self._cause_of_restart(), self.run_number - 1
        self.record["restarts"] = times
        if cause not in self.retry["on"]:
            words = {"preempted": "The job was preempted", "node_lost": "The node of the job was lost"}[cause]
            raise EndError("{}, which `retry_on` does not name.".format(words), cause)
        if times >= self.retry["limit"]:
            words = (
                "The scheduler wanted to start it again, and it had been {} times before, as often as `retries` allows."
            )
            raise EndError(words.format(times), cause)
        del self.record["restarts"]

    def _cause_of_restart(self) -> str:
        """Who was told to end before was preempted; who was not even told, was on a node that is lost."""
        for member in self.replicas:
            name = "{}.{}".format(member.name, self.run_number - 1)
            with contextlib.suppress(OSError, ValueError):  # who did not get as far has none
                before = json.loads(read("records/{}.json".format(self.named(name))))
                if before["state"] == "RUNNING" and not before.get("why"):
                    return "node_lost"
        return "preempted"

    def verdict(self, run_number: int) -> Mapping[str, Any]:
        """What the first replica has said whose end means something for all; nothing so far if it is empty."""
        if not self.retry["exit_codes"]:
            return {}
        try:
            found: dict[str, Any] = json.loads(read("verdict.{}".format(self.named(str(run_number)))))
        except FileNotFoundError:
            return {}
        return found

    def judge(self) -> Mapping[str, Any]:
        """The verdict, ours if we are the first. A trainer that did well says nothing, but for the primary one's."""
        code, used, limit = self.record["exit_code"], self.run_number, self.retry["limit"]
        if self.why or not self.retry["exit_codes"] or (code == 0 and self.member is not self.replicas[0]):
            return self.verdict(used)
        again = used < limit and is_worth_retrying(self.record, self.retry["exit_codes"])
        pause_s = self.retry["backoff_s"] * 2**used
        said = json.dumps({"again": again, "pause_s": pause_s})
        first = publish("verdict.{}".format(self.named(str(used))), said)
        if first and again:
            words = "The job ended by {} {} and is started again in {:g} s ({} of {})."
            self.record["message"] = words.format(self.record["cause"], code, pause_s, used + 1, limit)
            self._say(self.record["message"])
        return self.verdict(used)

    def _say(self, message: str) -> None:
        """In the log, behind what the trainer wrote."""
        seconds, ns = divmod(time.time_ns(), 10**9)
        moment = "{}.{:09d}Z".format(time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)), ns)
        entry = {"time": moment, "severity": "INFO", "replica": self.member.name, "message": message}
        if self.trial:
            entry["trial"] = self.trial
        with open("logs/{}.jsonl".format(self.place), "a", encoding="utf-8") as file:
            file.write(json.dumps({**entry, "id": self.place + ".again", "stream": ""}) + "\n")

    def begins_again(self) -> bool:
        """Whether the trainers of all replicas run once more; after the pause for that. Who is done waits, for it may
        have to begin again with the others."""
        if not self.retry["exit_codes"]:
            return False
        while self.record["exit_code"] == 0 and self.member is not self.replicas[0] and not self.why:
            self._look_around()
            time.sleep(LOOK_S)
        verdict = self.verdict(self.run_number)
        if self.why not in ("", "peer") or not verdict.get("again"):
            return False
        self.why = "told" if self.is_told else ""
        until = time.monotonic() + verdict["pause_s"]
        self.run_number += 1  # whose verdict is not there yet
        while not self.why and time.monotonic() < until:
            self._look_around()
            time.sleep(LOOK_S)
        return not self.why

    def addresses(self, port: int) -> dict[str, str]:
        """Where each replica listens, when all have come."""
        folder = "addresses/{}".format(self.named(str(self.run_number)))
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
            "restart": self.run_number,
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
        if limit is not None and self.deadline is None:
            self.deadline = time.monotonic() + limit  # of all runs in this allocation, as the scheduler counts
        told = False
        self._silent_since = time.monotonic()
        while process.poll() is None:
            if self.deadline is not None and time.monotonic() > self.deadline:
                self.why = self.why or "time-out"
            self._look_around()
            if self.why and not told:
                told = True
                process.terminate()  # it passes that on, with grace
                self._keep(state="RUNNING")  # whoever cannot write any more when it has ended, was told
            rest(process)
        self._ended(task, process.returncode)
        return process.returncode if process.returncode >= 0 else 128 - process.returncode

    def _ended(self, task: Mapping[str, Any], code: int) -> None:
        self._silent_since = None
        try:
            record = json.loads(read(task["record"]))
        except (OSError, ValueError):
            message = "its launcher ended without an exit record ({})".format(code)
            record = {"exit_code": None, "cause": "environment", "message": message}
        names = ("exit_code", "cause", "message", "traceback", "peak_memory_bytes", "cpu_s", "metrics")
        self.record.update({name: record.get(name) for name in names})
        again = bool(self.judge().get("again"))
        self._keep(state="ENDED", ended=time.time(), again=again)

    def _keep(self, **changes: Any) -> None:
        self.record.update(changes, why=self.why or None)
        write_json("records/{}.json".format(self.place), self.record)

    def _told(self, *_: object) -> None:
        self.is_told = True
        self.why = self.why or "told"

    def _look_around(self) -> None:
        now = time.monotonic()
        if now >= self._next_look:
            self._next_look = now + LOOK_AROUND_S
            if self.is_superseded():
                self.why = self.why or "superseded"
            elif os.path.exists("stop.{}".format(self.turn)) or self.verdict(self.run_number):
                self.why = self.why or "peer"
            elif self._is_silent(now):
                self.why = self.why or "silence"

    def _is_silent(self, now: float) -> bool:
        """Whether no replica has written anything for too long, which one of them watches. Sizes are compared and not
        times, since the clocks of nodes differ."""
        limit = self.job.get("max_silence_s")
        if limit is None or self._silent_since is None or self.member is not self.replicas[0]:
            return False
        logs = (
            "logs/{}.jsonl".format(self.named("{}.{}".format(each.name, self.run_number))) for each in self.replicas
        )
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
