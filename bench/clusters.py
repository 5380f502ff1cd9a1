"""Jobs on one Slurm cluster, through our library and its peers: from submission to result, many at once, their states,
and a cancellation.

The cluster is the one of the tests (`tests/clusters/slurm.py`): real, of four nodes on this machine, with accounting if
that is installed, without which submitit and TorchX know no states.
"""

from __future__ import annotations

import atexit
import dataclasses
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Self

from bench import logs, processes, programs
from bench.arms import Arm, Measured, Sample, alternate, ratio
from bench.commands import python
from bench.log_jobs import Load, followed, submit_stream
from bench.report import Limit, Report, missing, times
from bench.setting import Setting
from tests.clusters import accounting, slurm
from tests.clusters.daemons import wait_until

DRIVERS = Path(__file__).parent / "cluster_drivers.py"
FOLLOWERS = Path(__file__).parent / "cluster_followers.py"
PEERS = {"submitit": "submitit", "torchx": "TorchX", "psij": "PSI/J"}
NAMES = {"jobdir": "jobdir", "jobdir-all": "jobdir, --export=ALL", **PEERS}
_OPTIONS = f'[tool.submit.slurm]\npython = "{sys.executable}"\ncpus = 1\nmemory = "100MiB"\n'
_WITHOUT_STATES = "it has no states on demand: it polls the queue every 30 s"
_CRASHES = "its status of a cancelled job fails: `failed to translate slurm state CANCELLED by 0`"
_WITHOUT_ARRAYS = {
    "torchx": "the replicas of a role become one heterogeneous job, with options for each of them",
    "psij": "its jobs are submitted one by one",
}
_FOLLOWS = {
    "submitit": "it follows no log; the program reads all of `Job.stdout()` again every 0.1 s until `Job.done()`",
    "torchx": "`Runner.log_lines(should_tail=True)`, which asks accounting for the job's state every 0.1 s",
    "psij": "it shows no log; the program reads its own `stdout_path` every 0.1 s until the job's state is final",
}


@dataclasses.dataclass(frozen=True)
class Bench:
    setting: Setting
    cluster: slurm.Slurm

    @classmethod
    def of(cls, setting: Setting, cluster: slurm.Slurm) -> Self:
        """In the setting's project, whose jobs are small ones on that cluster."""
        (setting.project / "pyproject.toml").write_text(_OPTIONS)
        return cls(dataclasses.replace(setting, env={**setting.env, **cluster.environ}), cluster)

    def arms(self, verb: str, count: int, libraries: Sequence[str]) -> list[Arm]:
        return [Arm(NAMES[name], lambda name=name: self.driver(name, verb, count)) for name in libraries]  # type: ignore[misc]

    def driver(self, library: str, verb: str, count: int) -> Callable[[], Sample]:
        if not library.startswith("jobdir"):
            programs.library(library)
        argv = python("-P", str(DRIVERS), library, verb, str(count))

        def once() -> Sample:
            self.open(verb in ("noop", "cancel"))
            try:
                ran = processes.run(argv, env=self.setting.env, cwd=self.setting.project, reap=False)
            finally:
                self._clear()
            outcome = json.loads(ran.stdout.splitlines()[-1])
            return {"wall_s": outcome["wall_s"] / (count if verb == "submit" else 1), "started": outcome["started"]}

        return once

    def open(self, runs: bool) -> None:
        """A partition that is down takes jobs, and runs none."""
        self.cluster.run("scontrol", "update", "partition=main", f"state={'up' if runs else 'down'}")

    def _clear(self) -> None:
        self.cluster.end_all_jobs()
        wait_until(lambda: not self.cluster.run("squeue", "-h"), "an empty queue")


def running(setting: Setting) -> Bench:
    if reason := slurm.missing():
        raise processes.BrokenError(f"no cluster can be started here: {reason}")
    return Bench.of(setting, _cluster())


@cache
def _cluster() -> slurm.Slurm:
    """The same for all benchmarks of a run."""
    until_exit = ExitStack()
    atexit.register(until_exit.close)
    folder = until_exit.enter_context(tempfile.TemporaryDirectory(prefix="bench-slurm-"))
    return until_exit.enter_context(slurm.running(Path(folder), accounts=not accounting.missing()))


def noop(setting: Setting) -> Report:
    measured = alternate(running(setting).arms("noop", 1, tuple(NAMES)), setting.runs)
    notes = [
        "jobdir's job has the environment that the user has on the node: slurmd runs a login shell before (`su -`)",
        "`--export=ALL`, a directive, is what the peers do: the job has that of the program which submits it",
    ]
    return _report("clusters: a job that does nothing, from submission to its result", measured, notes=notes)


def submit(setting: Setting) -> Report:
    """One after the other, as programs that do not know all of their jobs before."""
    count = 20 if setting.quick else 100
    measured = alternate(running(setting).arms("submit", count, ("jobdir", *PEERS)), setting.runs, warm=False)
    limit = Limit("jobdir ÷ submitit ≤ 0.15", ratio(measured[0], measured[1], "wall_s"), 0.15)
    notes = ["submitit waits 0.2 s after each submission, to be gentle; for many it has arrays"]
    return _report(f"clusters: submission, for each of {count} jobs", measured, [limit], notes)


def array_100(setting: Setting) -> Report:
    return _array(setting, 100)


def array_1000(setting: Setting) -> Report:
    return _array(setting, 1000)


def _array(setting: Setting, count: int) -> Report:
    measured = alternate(running(setting).arms("array", count, ("jobdir", "submitit")), setting.runs)
    notes = [f"{NAMES[name]} is left out: {reason}" for name, reason in _WITHOUT_ARRAYS.items()]
    return _report(f"clusters: submission of an array of {count:,}", measured, notes=notes)


def status(setting: Setting) -> Report:
    notes = [
        f"PSI/J is left out: {_WITHOUT_STATES}",
        "submitit is left out: it needs 200 s to submit them",
    ]
    return _status(setting, "jobs", ("jobdir", "torchx"), notes)


def status_array(setting: Setting) -> Report:
    return _status(setting, "tasks of an array", ("jobdir", "submitit"), [])


def _status(setting: Setting, what: str, libraries: Sequence[str], notes: Sequence[str]) -> Report:
    count = 100 if setting.quick else 1000
    arms = running(setting).arms("status" if what == "jobs" else "states", count, libraries)
    measured = alternate(arms, setting.runs, warm=False)
    limits = [
        Limit("jobdir: ≤ 0.2 s", measured[0].median("wall_s"), 0.2),
        Limit("jobdir: processes ≤ 2, one of which asks the queue", measured[0].most("started"), 2),
    ]
    return _report(f"clusters: the states of {count:,} {what}", measured, limits, notes)


def cancel(setting: Setting) -> Report:
    measured = alternate(running(setting).arms("cancel", 1, ("jobdir", "submitit", "psij")), setting.runs, warm=False)
    limit = Limit("jobdir: ≤ 2 s", measured[0].median("wall_s"), 2.0)
    return _report(
        "clusters: from the cancellation of a running job until it is known",
        measured,
        [limit],
        [f"TorchX is left out: {_CRASHES}"],
    )


def follow(setting: Setting) -> Report:
    bench = running(setting)
    bench.open(runs=True)
    load = Load(seconds=10 if setting.quick else 30)
    ours = logs.following("jobdir", bench.setting, load, ["--backend=slurm"], submit_stream)
    arms = [ours, *(_peer_follows(bench.setting, load, name) for name in _FOLLOWS)]
    measured = alternate(arms, setting.runs, warm=False)
    notes = [f"{NAMES[name]}: {how}" for name, how in _FOLLOWS.items()]
    notes.append("the peers' programs submit their job as well, which is in their CPU time")
    title = f"clusters: the log of a job on a node, four lines a second for {load.seconds:.0f} s"
    return logs.report(title, measured, logs.losses("jobdir", measured[0]), notes)


def _peer_follows(setting: Setting, load: Load, library: str) -> Arm:
    def prepare() -> Callable[[], Sample]:
        programs.library(library)
        return lambda: followed(lambda place: python("-P", str(FOLLOWERS), library, *load.args(place)), setting)

    return Arm(NAMES[library], prepare)


def _report(title: str, arms: Sequence[Measured], limits: Sequence[Limit] = (), notes: Sequence[str] = ()) -> Report:
    return Report(
        title=title,
        columns=("median", "least", "processes", f"{arms[0].name} ÷ it"),
        rows=[_row(arm, arms[0]) for arm in arms],
        limits=limits,
        notes=notes,
        broken=[arm for arm in arms if arm.broken],
    )


def _row(arm: Measured, ours: Measured) -> Sequence[str]:
    median, least, started = arm.median("wall_s"), arm.least("wall_s"), arm.most("started")
    if median is None or least is None:
        return missing(arm)
    share = "" if arm is ours else times(ratio(ours, arm, "wall_s"))
    return (arm.name, f"{median:.3f} s", f"{least:.3f} s", f"{started:.0f}", share)
