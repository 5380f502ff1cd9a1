"""What to do about what schedulers refuse: by their words, in lower case."""

from __future__ import annotations

from collections.abc import Mapping

_NODES = "`sinfo -o '%N %c %m %G'` shows the CPUs, memory (MB) and GPUs of the nodes;"

_NO_CLUSTER = "This machine belongs to no cluster: name one that may submit, as ssh knows it, with `submit.{}.host`."

SLURM: Mapping[str, str] = {
    "could not establish a configuration source": _NO_CLUSTER.format("slurm"),
    "invalid partition": "`sinfo` lists the partitions; name one with `submit.slurm.partition`.",
    "invalid account": "`sacctmgr show associations user=$USER` lists yours; name one with `submit.slurm.account`.",
    "invalid qos": "`sacctmgr show qos` lists them; name one with `submit.slurm.qos`.",
    "invalid feature": "`sinfo -o '%N %f'` shows what the nodes have, for `submit.slurm.constraint`.",
    "generic resource": f"{_NODES} `submit.slurm.gpu_type` names the kind of GPU.",
    "node configuration": f"{_NODES} `submit.slurm.cpus` and `memory` stand in for the machine type's.",
    "memory specification": f"{_NODES} `submit.slurm.memory` stands in for the machine type's.",
    "job array specification": "Take fewer elements: `scontrol show config | grep MaxArraySize` says how many may be.",
}

GRIDENGINE: Mapping[str, str] = {
    "unable to read qmaster name": _NO_CLUSTER.format("gridengine"),
    "unknown queue": "`qconf -sql` lists the queues; name one with `submit.gridengine.queue`.",
    "parallel environment": "`qconf -spl` lists them; name the site's with `submit.gridengine.smp` and `mpi`.",
    "unknown resource": "`qconf -sc` lists what can be asked for, e.g. with `submit.gridengine.gpu_resource`.",
    "project": "`qconf -sprjl` lists the projects; name one with `submit.gridengine.project`.",
    "a job with more than": "Take fewer elements; the limit is `max_aj_tasks` of `qconf -sconf`.",
    "no submit host": "Name a machine that may submit with `submit.gridengine.host`.",
    "no suitable queues": "`qhost -F` shows what the hosts have; `submit.gridengine.cpus` are the slots of a replica.",
}


def find(advices: Mapping[str, str], output: str) -> str:
    """Empty if nobody knows."""
    said = output.lower()
    return next((advice for words, advice in advices.items() if words in said), "")
