"""A Slurm cluster of several nodes with emulated GPUs, all on this machine: https://slurm.schedmd.com/slurm.conf.html

`slurmd` of Debian can run several times on one host; each node is told from the others by its name and port. There is
no munge: `auth/none` trusts every process of this machine.
"""

from __future__ import annotations

import getpass
import os
import signal
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

from tests.clusters import accounting
from tests.clusters.daemons import PATH, Daemons, absent, command_of, free_ports, wait_until

PROGRAMS = ("slurmctld", "slurmd", "sbatch", "setpriv")
NODES = 4
CPUS = 16
GPUS = 2

_CONF = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/none
CredType=cred/none
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool.%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.%n.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_interval=5,bf_interval=2,sched_min_interval=1,preempt_youngest_first
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
PreemptExemptTime=0
JobRequeue=1
MinJobAge={remembers_s}
KillWait=2
SlurmdTimeout=10
InactiveLimit=0
MaxArraySize=20001
MaxJobCount=50000
GresTypes=gpu
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=5
JobCompType=jobcomp/none
PrologFlags=NoHold
PropagateResourceLimits=NONE
SlurmdParameters=config_overrides
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE DefaultTime=10 DefMemPerCPU=100 PriorityTier=1 State=UP
PartitionName=urgent Nodes=ALL MaxTime=INFINITE DefaultTime=10 DefMemPerCPU=100 PriorityTier=10 PreemptMode=OFF State=UP
"""
_NODE = """\
NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} \
CPUs={cpus} RealMemory=64000 Gres=gpu:h100:{gpus} State=UNKNOWN
"""


def missing() -> str:
    """Why there can be no cluster here; empty if there can."""
    return absent(PROGRAMS)


@dataclass(frozen=True)
class Slurm:
    """A cluster that runs. `nodes` are their names: `node1` …"""

    backend: ClassVar[str] = "slurm"
    daemons: Daemons
    nodes: tuple[str, ...]

    @property
    def environ(self) -> Mapping[str, str]:
        """What leads clients to it."""
        return {"SLURM_CONF": self.daemons.env["SLURM_CONF"]}

    def run(self, *argv: str, stdin: str = "") -> str:
        """A command of an administrator; what it prints."""
        return self.daemons.run(*argv, stdin=stdin)

    def numbers(self, name: str) -> list[str]:
        """Slurm's own, of the jobs with that name that it knows; an array has one."""
        return list(dict.fromkeys(self.run("squeue", "-h", "-t", "all", f"--name={name}", "-o", "%F").split()))

    def node(self, name: str) -> str:
        """Where the job with that name runs."""
        return self.run("squeue", "-h", f"--name={name}", "-o", "%N").strip()

    def await_forgetting(self, name: str) -> None:
        wait_until(lambda: not self.numbers(name), f"the controller's forgetting of {name}")

    def start_controller(self) -> None:
        self.daemons.start("slurmctld", "slurmctld", "-D")
        self.daemons.until(lambda: self.daemons.works("scontrol", "ping"), "slurmctld")

    def stop_controller(self) -> None:
        self.daemons.stop("slurmctld")

    @contextmanager
    def hanging_controller(self) -> Iterator[Callable[[], None]]:
        """It takes connections and answers nothing until the value is called; what it was asked is done then."""
        self.daemons.send("slurmctld", signal.SIGSTOP)
        try:
            yield lambda: self.daemons.send("slurmctld", signal.SIGCONT)
        finally:
            self.daemons.send("slurmctld", signal.SIGCONT)

    def start_node(self, name: str) -> None:
        self.daemons.start(name, "slurmd", "-D", "-N", name)
        self.daemons.until(lambda: self._is_up(name), name)

    def kill_node(self, name: str) -> None:
        """As if its machine were gone; what ran there runs on, as on one that only lost its network."""
        self.daemons.kill(name)

    def start_now(self, scheduler_id: str) -> None:
        """A job that was put back into the queue waits two minutes, which no setting changes."""
        self.run("scontrol", "update", f"job={scheduler_id}", "StartTime=now")

    def start_again(self, scheduler_id: str) -> None:
        """The same when nothing of the run before is left: its end would be taken for that of the new one, and what a
        node has revoked, it refuses within the same second; this is why Slurm lets two minutes pass. The id is not an
        array's."""
        wait_until(lambda: not self._is_there_still(scheduler_id), "the end of the first run")
        self.run("scontrol", "update", f"job={scheduler_id}", "StartTime=now+2")

    def _is_there_still(self, scheduler_id: str) -> bool:
        mark = f"slurmstepd: [{scheduler_id}.".encode()
        return any(command_of(pid).startswith(mark) for pid in self.daemons.strays())

    def start(self) -> None:
        self.start_controller()
        for name in self.nodes:
            self.daemons.start(name, "slurmd", "-D", "-N", name)
        for name in self.nodes:
            self.daemons.until(partial(self._is_up, name), name)

    def end_all_jobs(self) -> None:
        self.daemons.attempt("scancel", "--user", getpass.getuser())

    def _is_up(self, name: str) -> bool:
        answer = self.daemons.attempt("sinfo", "-h", "-N", "-n", name, "-t", "idle,mixed,allocated", "-o", "%N")
        return name in answer.stdout.split()


@contextmanager
def running(folder: Path, *, remembers_s: int = 300, accounts: bool = False) -> Iterator[Slurm]:
    """A cluster in an empty folder; the controller forgets a job so long after its end. `accounts`: it has accounting,
    `slurmdbd` with a database, which takes some seconds more."""
    names = tuple(f"node{number}" for number in range(1, NODES + 1))
    conf = folder / "slurm.conf"
    daemons = Daemons(folder, {"PATH": PATH, "LANG": "C.UTF-8", "HOME": str(folder), "SLURM_CONF": str(conf)})
    cluster = Slurm(daemons, names)
    _prepare(folder, names)
    text = _text(folder, names, remembers_s)
    try:
        conf.write_text(text + (accounting.start(daemons) if accounts else accounting.NONE))
        if accounts:
            accounting.register(daemons)
        cluster.start()
        yield cluster
        cluster.end_all_jobs()
    finally:
        daemons.stop_all()


def _text(folder: Path, names: tuple[str, ...], remembers_s: int) -> str:
    host = socket.gethostname().partition(".")[0]
    port, *ports = free_ports(len(names) + 1)
    head = _CONF.format(host=host, port=port, user=getpass.getuser(), folder=folder, remembers_s=remembers_s)
    nodes = (
        _NODE.format(name=name, host=host, port=node_port, cpus=CPUS, gpus=GPUS)
        for name, node_port in zip(names, ports, strict=True)
    )
    return head + "".join(nodes)


def _prepare(folder: Path, names: tuple[str, ...]) -> None:
    """`slurmd` drops GPUs without a device file in silence, and takes none twice: each gets a link of its own."""
    folder.chmod(0o755)
    for name in ("state", "dev", *(f"spool.{name}" for name in names)):
        (folder / name).mkdir()
    lines = []
    for name in names:
        for gpu in range(GPUS):
            (folder / "dev" / f"{name}-gpu{gpu}").symlink_to(os.devnull)
        lines.append(f"NodeName={name} Name=gpu Type=h100 File={folder}/dev/{name}-gpu[0-{GPUS - 1}]\n")
    (folder / "gres.conf").write_text("".join(lines))
