"""Submits a job to a Slurm cluster through a peer's Python API, and prints its log as far as the peer shows it.

A program of its own, `python -P cluster_followers.py LIBRARY ARG…`, run in the folder of the package `stamped`, which
gets the arguments. It ends when the library says that the job has ended.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module  # the peers are of the `bench` extra: type checkers need not find them
from pathlib import Path

LOOK_S = 0.1
"""Between looks of a program that has to look for itself; what TorchX does, too."""


def submitit(task: Sequence[str]) -> Iterator[str]:
    """`stdout()` is the whole log each time."""
    executor = import_module("submitit").AutoExecutor(folder="submitit/%j", cluster="slurm")
    executor.update_parameters(timeout_min=30, mem_gb=0.1)
    job = executor.submit(subprocess.check_call, [sys.executable, *task])
    return _looked_at(lambda: job.stdout() or "", job.done)


def torchx(task: Sequence[str]) -> Iterator[str]:
    specs, schedulers = import_module("torchx.specs"), import_module("torchx.schedulers.api")
    runner = import_module("torchx.runner").get_runner("bench")
    resource = specs.Resource(cpu=1, gpu=0, memMB=100)
    role = specs.Role("task", image="", entrypoint=sys.executable, args=list(task), resource=resource)
    job = runner.run(specs.AppDef("stamped", [role]), "slurm")
    lines: Iterator[str] = runner.log_lines(job, "task", should_tail=True, streams=schedulers.Stream.STDOUT)
    return lines


def psij(task: Sequence[str]) -> Iterator[str]:
    """The file is all that there is."""
    api = import_module("psij")
    file = Path("psij.out").absolute()
    file.write_text("")
    spec = api.JobSpec(executable=sys.executable, arguments=list(task), directory=Path.cwd(), stdout_path=file)
    job = api.Job(spec)
    api.JobExecutor.get_instance("slurm").submit(job)
    return _looked_at(file.read_text, lambda: job.status.final)


def _looked_at(read: Callable[[], str], ended: Callable[[], bool]) -> Iterator[str]:
    shown, over = 0, False
    while not over:
        over = ended()
        text = read()
        yield text[shown:]
        shown = len(text)
        time.sleep(LOOK_S)


def main() -> None:
    name, *args = sys.argv[1:]
    for text in {"submitit": submitit, "torchx": torchx, "psij": psij}[name](["-m", "stamped.task", *args]):
        print(text, end="", flush=True)


if __name__ == "__main__":
    main()
