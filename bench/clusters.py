"""Jobs on one Slurm cluster, through our library and its peers: from submission to result, many at once, their states,
and a cancellation.

The cluster is the one of the tests (`tests/clusters/slurm.py`): real, of four nodes on this machine, with accounting if
that is installed, without which submitit and TorchX know no states.
"""

from __future__ import annotations

import dataclasses
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from bench import logs, processes, programs
from bench.arms import Arm, Measured, Sample, alternate, ratio
from bench.commands import python
from bench.log_jobs import Load, submit_stream
from bench.report import Limit, Report, missing, times
from bench.setting import Setting
from tests.clusters import accounting, slurm
from tests.clusters.daemons import wait_until

DRIVERS = Path(__file__).parent / "cluster_drivers.py"
NAMES = {"jobdir": "jobdir", "submitit": "submitit", "torchx": "TorchX", "psij": "PSI/J"}
_OPTIONS = f'[tool.submit.slurm]\npython = "{sys.executable}"\ncpus = 1\nmemory = "100MiB"\n'
_WITHOUT_STATES = "it has no states on demand: it polls the queue every 30 s"
_CRASHES = "its status of a cancelled job fails: `failed to translate slurm state CANCELLED by 0`"


@dataclasses.dataclass(frozen=True)
class Bench:
    setting: Setting
    cluster: slurm.Slurm

    @classmethod
    def of(cls, setting: Setting, cluster: slurm.Slurm) -> Self:
        """In the setting's project, whose jobs are small ones on that cluster."""
        (setting.project / "pyproject.toml").write_text(_OPTIONS)
        return cls(dataclasses.replace(setting, env={**setting.env, **cluster.environ}), cluster)

    def arms(self, verb: str, count: int, libraries: Sequence[str] = tuple(NAMES)) -> list[Arm]:
        return [Arm(NAMES[name], lambda name=name: self.driver(name, verb, count)) for name in libraries]  # type: ignore[misc]

    def driver(self, library: str, verb: str, count: int) -> Callable[[], Sample]:
        if library != "jobdir":
            programs.library(library)
        argv = python("-P", str(DRIVERS), library, verb, str(count))

        def once() -> Sample:
            self._open(verb in ("noop", "cancel"))
            try:
                ran = processes.run(argv, env=self.setting.env, cwd=self.setting.project, reap=False)
            finally:
                self._clear()
            outcome = json.loads(ran.stdout.splitlines()[-1])
            return {"wall_s": outcome["wall_s"] / (count if verb == "submit" else 1), "started": outcome["started"]}

        return once

    def _open(self, runs: bool) -> None:
        """A partition that is down takes jobs, and runs none."""
        self.cluster.run("scontrol", "update", "partition=main", f"state={'up' if runs else 'down'}")

    def _clear(self) -> None:
        self.cluster.end_all_jobs()
        wait_until(lambda: not self.cluster.run("squeue", "-h"), "an empty queue")


@contextmanager
def running(setting: Setting) -> Iterator[Bench]:
    if reason := slurm.missing():
        raise processes.BrokenError(f"no cluster can be started here: {reason}")
    with (
        tempfile.TemporaryDirectory(prefix="bench-slurm-") as folder,
        slurm.running(Path(folder), accounts=not accounting.missing()) as cluster,
    ):
        yield Bench.of(setting, cluster)


def noop(setting: Setting) -> Report:
    with running(setting) as bench:
        measured = alternate(bench.arms("noop", 1), setting.runs)
    return _report("clusters: a job that does nothing, from submission to its result", measured)


def submit(setting: Setting) -> Report:
    """One after the other, as programs that do not know all of their jobs before."""
    count = 20 if setting.quick else 100
    with running(setting) as bench:
        measured = alternate(bench.arms("submit", count), setting.runs, warm=False)
    limit = Limit("jobdir ÷ submitit ≤ 0.15", ratio(measured[0], measured[1], "wall_s"), 0.15)
    notes = ["submitit waits 0.2 s after each submission, to be gentle; for many it has arrays"]
    return _report(f"clusters: submission, for each of {count} jobs", measured, [limit], notes)


def status(setting: Setting) -> Report:
    count = 100 if setting.quick else 1000
    with running(setting) as bench:
        measured = alternate(bench.arms("status", count, ("jobdir", "submitit", "torchx")), setting.runs, warm=False)
    limits = [
        Limit("jobdir: ≤ 0.2 s", measured[0].median("wall_s"), 0.2),
        Limit("jobdir: processes ≤ 2, one of which asks the queue", measured[0].most("started"), 2),
    ]
    notes = [f"PSI/J is left out: {_WITHOUT_STATES}", "submitit's jobs are one array, jobdir's and TorchX's are single"]
    return _report(f"clusters: the states of {count:,} jobs", measured, limits, notes)


def cancel(setting: Setting) -> Report:
    with running(setting) as bench:
        measured = alternate(bench.arms("cancel", 1, ("jobdir", "submitit", "psij")), setting.runs, warm=False)
    limit = Limit("jobdir: ≤ 2 s", measured[0].median("wall_s"), 2.0)
    return _report(
        "clusters: from the cancellation of a running job until it is known",
        measured,
        [limit],
        [f"TorchX is left out: {_CRASHES}"],
    )


def follow(setting: Setting) -> Report:
    with running(setting) as bench:
        load = Load(seconds=10 if setting.quick else 30)
        arm = logs.following("submit, Slurm", bench.setting, load, ["--backend=slurm"], submit_stream)
        measured = alternate([arm], setting.runs, warm=False)
    limits = logs.losses("Slurm", measured[0])
    title = f"clusters: the log of a job on a node, four lines a second for {load.seconds:.0f} s"
    return logs.report(title, measured, limits)


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
