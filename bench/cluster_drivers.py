"""Jobs on a Slurm cluster through a library's Python API, as its users would have them.

A program of its own, `python -P cluster_drivers.py LIBRARY VERB N`, run in the folder of the package `tiny`, with the
cluster in its environment. Prints one JSON object: `wall_s` of what the verb names, and how many processes the library
has started for it. The clock starts when imports are over.

    noop     N jobs that do nothing, from submission to the last result
    submit   N jobs, one after the other, after a first one; the partition is down, so that none runs
    array    as many at once, as one array
    status   the states of N single jobs; none runs
    states   the same of an array's N tasks
    cancel   one that runs, from the request until the library says that it was cancelled
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module  # the peers are of the `bench` extra: type checkers need not find them
from pathlib import Path
from typing import Any, Protocol

TASK = ("-m", "tiny.task")
POLL_S = 0.05
SLEEP_S = 600
started = 0


class Library(Protocol):
    def submit(self, jobs: int, *, sleep: bool = False) -> list[Any]: ...
    def result(self, job: Any) -> None:
        """Waits for its end, which is to be a good one."""

    def states(self, jobs: Sequence[Any]) -> Sequence[str]: ...
    def await_cancelled(self, job: Any) -> None:
        """Cancels it, and waits until that is seen."""


class Jobdir:
    """`directives` are more of sbatch's options."""

    def __init__(self, *directives: str) -> None:
        from submit import train
        from submit.client import Client
        from submit.target import TargetFlags

        for name in ("submission", "preflight.checking", "backends.slurm", "world.commands", "world.journal"):
            import_module(f"submit.{name}")  # else it is done by the first job
        self.client = Client(target=TargetFlags(backend="slurm"))
        self.more = [f"submit.slurm.directives=[{','.join(directives)}]"] if directives else []
        self.train = partial(train, package_path="tiny", module_name="tiny.task", backend="slurm")

    def submit(self, jobs: int, *, sleep: bool = False) -> list[Any]:
        args = ["--sleep", str(SLEEP_S)] if sleep else []
        return [self.train(args=args, overrides=self.more) for _ in range(jobs)]

    def array(self, jobs: int) -> list[Any]:
        return [self.train(args=[], overrides=[*self.more, f"submit.slurm.array={jobs}"])]

    def result(self, job: Any) -> None:
        assert job.wait().state == "SUCCEEDED"

    def states(self, jobs: Sequence[Any]) -> Sequence[str]:
        found = self.client.describe([job.handle for job in jobs])
        tasks = [task["state"] for status in found.values() for task in status.trials]
        return tasks or [status.state.value for status in found.values()]

    def await_cancelled(self, job: Any) -> None:
        job.cancel()
        assert job.wait().state == "CANCELLED"


class Submitit:
    def __init__(self) -> None:
        self.executor = import_module("submitit").AutoExecutor(folder="submitit/%j", cluster="slurm")
        self.executor.update_parameters(timeout_min=30, mem_gb=0.1, slurm_array_parallelism=1000)

    def submit(self, jobs: int, *, sleep: bool = False) -> list[Any]:
        function, seconds = (time.sleep, SLEEP_S) if sleep else (abs, 0)
        return [self.executor.submit(function, seconds) for _ in range(jobs)]

    def array(self, jobs: int) -> list[Any]:
        return list(self.executor.map_array(abs, range(jobs)))

    def result(self, job: Any) -> None:
        assert job.result() == 0

    def states(self, jobs: Sequence[Any]) -> Sequence[str]:
        return [job.state for job in jobs]

    def await_cancelled(self, job: Any) -> None:
        job.cancel()
        while not job.done(force_check=True):
            time.sleep(POLL_S)


class TorchX:
    def __init__(self) -> None:
        self.specs = import_module("torchx.specs")
        self.runner = import_module("torchx.runner").get_runner("bench", cache_size=10_000)

    def submit(self, jobs: int, *, sleep: bool = False) -> list[Any]:
        argv = ["-c", f"import time; time.sleep({SLEEP_S})"] if sleep else list(TASK)
        resource = self.specs.Resource(cpu=1, gpu=0, memMB=100)
        role = self.specs.Role("task", image="", entrypoint=sys.executable, args=argv, resource=resource)
        return [self.runner.run(self.specs.AppDef("tiny", [role]), "slurm") for _ in range(jobs)]

    def result(self, job: Any) -> None:
        end = self.runner.wait(job, wait_interval=POLL_S)
        assert end is not None
        assert end.state == self.specs.AppState.SUCCEEDED

    def states(self, jobs: Sequence[Any]) -> Sequence[str]:
        found = {each.app_id: str(each.state) for each in self.runner.list("slurm")}
        return [found[job.rpartition("/")[2]] for job in jobs]

    def await_cancelled(self, job: Any) -> None:
        self.runner.cancel(job)
        self.runner.wait(job, wait_interval=POLL_S)


class PsiJ:
    def __init__(self) -> None:
        self.api = import_module("psij")
        self.executor = self.api.JobExecutor.get_instance("slurm")

    def submit(self, jobs: int, *, sleep: bool = False) -> list[Any]:
        argv = ["-c", f"import time; time.sleep({SLEEP_S})"] if sleep else list(TASK)
        spec = self.api.JobSpec(executable=sys.executable, arguments=argv, directory=Path.cwd())
        made = [self.api.Job(spec) for _ in range(jobs)]
        for job in made:
            self.executor.submit(job)
        return made

    def result(self, job: Any) -> None:
        end = job.wait()
        assert end is not None
        assert end.state == self.api.JobState.COMPLETED

    def await_cancelled(self, job: Any) -> None:
        job.cancel()
        end = job.wait()
        assert end is not None
        assert end.state == self.api.JobState.CANCELED


LIBRARIES: dict[str, Callable[[], Any]] = {
    "jobdir": Jobdir,
    "jobdir-all": lambda: Jobdir("--export=ALL"),
    "submitit": Submitit,
    "torchx": TorchX,
    "psij": PsiJ,
}


def noop(library: Library, count: int) -> Callable[[], object]:
    def run() -> None:
        for job in library.submit(count):
            library.result(job)

    return run


def submit(library: Library, count: int) -> Callable[[], object]:
    library.submit(1)  # what is done once in a program, or for new code, is no cost of each job
    return lambda: library.submit(count)


def array(library: Any, count: int) -> Callable[[], object]:
    return lambda: library.array(count)


def status(library: Library, count: int) -> Callable[[], object]:
    jobs = library.submit(count)
    _until_accounted(count)
    return _states(library, jobs, count)


def states(library: Any, count: int) -> Callable[[], object]:
    jobs = library.array(count)
    _until_accounted(1)  # `sacct` shows the tasks of an array that wait as one
    return _states(library, jobs, count)


def _states(library: Library, jobs: Sequence[Any], count: int) -> Callable[[], object]:
    def run() -> None:
        states = library.states(jobs)
        assert len(states) == count
        assert {state.upper() for state in states} <= {"QUEUED", "PENDING"}, set(states)

    return run


def cancel(library: Library, count: int) -> Callable[[], object]:
    (job,) = library.submit(count, sleep=True)
    _until_running()
    return lambda: library.await_cancelled(job)


def _until_running() -> None:
    """The cluster is asked, so that all libraries begin at the same point."""
    import subprocess

    ask = ["squeue", "-h", "-t", "R", "-o", "%i"]
    while not subprocess.run(ask, capture_output=True, check=True).stdout:
        time.sleep(POLL_S)
    time.sleep(2)  # the trainer has begun


def _until_accounted(lines: int) -> None:
    import subprocess

    ask = ["sacct", "-X", "-n", "-P", "-o", "JobID", "--state=PENDING"]
    for _ in range(600):
        done = subprocess.run(ask, capture_output=True, text=True, check=False)
        if done.returncode or len(done.stdout.splitlines()) >= lines:  # the former without accounting
            return
        time.sleep(POLL_S * 4)
    raise AssertionError("the jobs do not come into accounting")


def _count(event: str, _: tuple[object, ...]) -> None:
    global started
    started += event == "subprocess.Popen"


VERBS: dict[str, Callable[[Any, int], Callable[[], object]]] = {
    "noop": noop,
    "submit": submit,
    "array": array,
    "status": status,
    "states": states,
    "cancel": cancel,
}


def main() -> None:
    name, verb, count = sys.argv[1:]
    run = VERBS[verb](LIBRARIES[name](), int(count))
    sys.addaudithook(_count)
    start = time.perf_counter()
    run()
    print(json.dumps({"wall_s": time.perf_counter() - start, "started": started}))
    sys.stdout.flush()


if __name__ == "__main__":
    main()
