"""Many jobs through a library's Python API, as its users would submit them and wait for all.

A program of its own, `python -P drivers.py LIBRARY N NOTE`, run in the folder of the package `tiny`: N trivial jobs,
which write to the file NOTE when they ran. Prints one JSON object. The clock starts when imports are over.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from importlib import import_module  # the peers are of the `bench` extra: type checkers need not find them
from pathlib import Path

Run = Callable[[int, list[str]], int]
"""Gets the number of jobs and the trainer's arguments; returns how many jobs succeeded."""

TASK = ("-m", "tiny.task")
POLL_S = 0.01


def jobdir() -> Run:
    """The queue holds back what is above its limit."""
    from submit import train
    from submit.job import State

    def run(jobs: int, args: list[str]) -> int:
        submitted = [train(package_path="tiny", module_name="tiny.task", args=args) for _ in range(jobs)]
        return sum(job.wait().state is State.SUCCEEDED for job in submitted)

    return run


def psij() -> Run:
    """PSI/J's local executor has no queue: it starts each job at once."""
    api = import_module("psij")
    executor = api.JobExecutor.get_instance("local")

    def run(jobs: int, args: list[str]) -> int:
        spec = api.JobSpec(executable=sys.executable, arguments=[*TASK, *args], directory=Path.cwd())
        submitted = [api.Job(spec) for _ in range(jobs)]
        for job in submitted:
            executor.submit(job)
        ends = [job.wait() for job in submitted]
        return sum(end is not None and end.state is api.JobState.COMPLETED for end in ends)

    return run


def torchx() -> Run:
    """TorchX's `local_cwd` scheduler has no queue either. `Runner.wait` polls every 10 s unless told otherwise."""
    specs, api = import_module("torchx.specs"), import_module("torchx.runner")

    def run(jobs: int, args: list[str]) -> int:
        app = specs.AppDef("tiny", [specs.Role("task", image="", entrypoint=sys.executable, args=[*TASK, *args])])
        # The scheduler keeps 100 applications by default and refuses one more.
        runner = api.get_runner("bench", cache_size=jobs + 1)
        submitted = [runner.run(app, "local_cwd") for _ in range(jobs)]
        ends = [runner.wait(handle, wait_interval=POLL_S) for handle in submitted]
        return sum(end is not None and end.state is specs.AppState.SUCCEEDED for end in ends)

    return run


def main() -> None:
    library, jobs, note = sys.argv[1:]
    run = {"jobdir": jobdir, "psij": psij, "torchx": torchx}[library]()
    before = resource.getrusage(resource.RUSAGE_SELF)
    start = time.perf_counter()
    succeeded = run(int(jobs), ["--note", note])
    outcome = {
        "wall_s": time.perf_counter() - start,
        "import_cpu_s": before.ru_utime + before.ru_stime,
        "succeeded": succeeded,
    }
    print(json.dumps(outcome))


if __name__ == "__main__":
    main()
