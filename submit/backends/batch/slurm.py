"""Slurm's dialect, as its versions since 20.02 speak it; tried on 22.05.

https://slurm.schedmd.com/sbatch.html, squeue.html, sacct.html
"""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Container, Iterator, Mapping, Sequence

from submit.backends import Capability, Feature, Refused, StandsIn
from submit.backends.batch import advices, slurm_answers
from submit.backends.batch.any_cluster import ANY_CLUSTER
from submit.backends.batch.dialect import BatchJob, Queued
from submit.errors import ErrorKind, Problem, ServiceError, UsageError
from submit.status import Json

name = "slurm"
title = "Slurm"
restarts_alike = ""

options: Mapping[str, str] = {
    "host": "the machine that has sbatch, as ssh names it; this machine if it is not said",
    "folder": "the folder for jobs on the file system that all nodes share (~/.jobdir)",
    "python": "the interpreter on the nodes (python3)",
    "environment": "what the site has, in place of an environment that is made: modules, venv, image",
    "partition": "the partition, as `sinfo` lists them",
    "account": "the account that is charged",
    "qos": "the quality of service",
    "constraint": "features that the nodes must have",
    "reservation": "the reservation to use",
    "gpu_type": "the site's name for the GPUs, e.g. a100; without it any will do",
    "array": "so many elements, each with its number in CLOUD_ML_TRIAL_ID, e.g. 100, or 100%10: ten at a time",
    "cpus": "CPUs per replica, in place of the machine type's",
    "memory": "memory per replica, in place of the machine type's, e.g. 16GiB",
    "grace": "how long a replica may clean up after SIGTERM, in seconds (10)",
    "directives": "more options of sbatch, e.g. [--exclusive, --mail-type=END]",
}

capabilities: Mapping[Feature, Capability] = {
    **ANY_CLUSTER,
    Feature.MACHINE_TYPE: StandsIn("the cluster's nodes stand in for the machine types: their CPUs and memory count"),
    Feature.ACCELERATOR: StandsIn("GPUs are asked for by number; `submit.slurm.gpu_type` says of which type"),
    Feature.TPU: Refused("Slurm has no TPUs"),
    Feature.BOOT_DISK: StandsIn("the disks of the nodes are used"),
    Feature.RUNTIME_IMAGE: StandsIn("the trainer runs in the nodes' own Python, with the packages that it requires"),
    Feature.SPOT: StandsIn("whether a job may be preempted is the partition's, see `submit.slurm.partition`"),
    Feature.MAX_WAIT: Refused("Slurm waits without a limit; cancel the job if it waits too long"),
    Feature.PRIORITY: Refused("Slurm's priorities are the site's; name a `submit.slurm.qos`"),
}

_AWAY = re.compile(
    r"unable to contact|connect(ion)? failure|socket timed out|connection refused|send/recv operation"
    r"|zero bytes were transmitted|message (send|receive) failure|standby mode",
    re.I,
)
_KINDS = (
    (_AWAY, ErrorKind.TRANSIENT),
    (re.compile(r"invalid job id", re.I), ErrorKind.NOT_FOUND),
    (re.compile(r"access/permission denied|not permitted", re.I), ErrorKind.DENIED),
    (re.compile(r"limit|violates", re.I), ErrorKind.QUOTA),
)
_MANY = 200
"""more jobs than these are not named one by one: all of the user's are asked for"""
_IN_SECONDS = ("env", "TZ=UTC0", "SLURM_TIME_FORMAT=%s")
"""Without `TZ` the C library looks at the zone's file for each time, which is a third of what a long answer costs."""

_CANCEL_ELEMENT = r"""
ids=$(squeue -h --name="$1" -o %F) || exit
[ -z "$ids" ] || exec scancel "$(echo "$ids" | head -n 1)_$2"
"""


def script(job: BatchJob) -> str:
    folder = shlex.quote(job.folder)
    start = "exec /bin/sh task.sh"
    if job.replicas > 1:
        # since 22.05 srun does not inherit --cpus-per-task, and --export=NONE would reach it through a variable
        start = f"export SRUN_CPUS_PER_TASK={job.shape.cpus}\n"
        start += f"exec srun --export=ALL --ntasks={job.replicas} --kill-on-bad-exit=0 --wait=0 /bin/sh task.sh"
    directives = "".join(f"#SBATCH {line}\n" for line in _directives(job))
    # where a node cannot read the user's environment there is no PATH but the shell's own, which others would not see
    return f"#!/bin/sh\n{directives}export PATH\ncd {folder} || exit 74\n{start}\n"


def _directives(job: BatchJob) -> Iterator[str]:
    shape, said = job.shape, job.options
    yield f"--job-name={job.key}"
    if job.array:
        at_once = f"%{job.array.at_once}" if job.array.at_once else ""
        yield f"--array=1-{job.array.size}{at_once}"
    yield f"--output={job.folder}/cluster{'.%a' if job.array else ''}.log"
    yield "--open-mode=append"
    yield "--export=NONE"
    yield f"--nodes={job.replicas}"
    yield "--ntasks-per-node=1"
    yield f"--cpus-per-task={shape.cpus}"
    if shape.memory_mb is not None:
        yield f"--mem={shape.memory_mb}M"
    if shape.gpus:
        yield f"--gpus-per-node={_value('gpu_type', said['gpu_type']) + ':' if 'gpu_type' in said else ''}{shape.gpus}"
    if job.limit_s is not None:
        yield f"--time={math.ceil(job.limit_s / 60)}"
    yield "--requeue" if job.requeue else "--no-requeue"
    for key in ("partition", "account", "qos", "constraint", "reservation"):
        if key in said:
            yield f"--{key}={_value(key, said[key])}"
    more = said.get("directives")
    yield from (_directive(str(text)) for text in (more if isinstance(more, list) else ()))


def _value(key: str, value: Json) -> str:
    """As a line of the script may have it."""
    text = str(value)
    if re.fullmatch(r"[\w.,:;&|*/@()\[\]+-]+", text, re.ASCII):
        return f'"{text}"' if re.search(r"[;&|*()\[\]]", text) else text
    raise UsageError(Problem(message=f"submit.slurm.{key}: `{text}` cannot stand in a script"))


def _directive(text: str) -> str:
    if re.match(r"--arr|-a|--job|-J", text):  # sbatch takes words of which only the beginning is written
        array = "Say it as `submit.slurm.array`, e.g. 100%10."
        hint = array if text.startswith(("--a", "-a")) else "Jobs are found by their names in the queue; use `labels`."
        raise UsageError(Problem(message=f"submit.slurm.directives: `{text}` is not for a directive", hint=hint))
    if re.fullmatch(r"--?[a-zA-Z][^\n\r]*", text):
        return text
    hint = "Write each as sbatch takes it, e.g. `--exclusive` or `--mail-type=END`."
    raise UsageError(Problem(message=f"submit.slurm.directives: `{text}` is not an option of sbatch", hint=hint))


def task(job: BatchJob) -> str:
    lines = ["rank=${SLURM_PROCID:-0}", "restart=${SLURM_RESTART_COUNT:-0}", "id=$SLURM_JOB_ID"]
    if job.array:
        lines += ["element=$SLURM_ARRAY_TASK_ID", 'id="${SLURM_ARRAY_JOB_ID}_$element"']
    if job.replicas > 1:
        # the address and not the name of the node: names need not resolve
        lines += [
            'address=$(scontrol show node "$SLURMD_NODENAME" -o | sed -n "s/.* NodeAddr=\\([^ ]*\\).*/\\1/p")',
            "address=${address:-$(hostname)}",
        ]
    return "\n".join(lines)


def submission(job: BatchJob) -> tuple[str, ...]:
    return ("sbatch", "--parsable")


def submitted(answer: str) -> str:
    """`12`, `12;cluster`, or what wrappers of sites leave: `Submitted batch job 12`."""
    found = re.search(r"^(?:Submitted batch job )?(\d+)(?:;\S+)?\s*$", answer, re.MULTILINE)
    if found is None:
        raise ServiceError(f"sbatch gave an answer that cannot be read: {answer.strip()}", kind=ErrorKind.INTERNAL)
    return found[1]


def queue(keys: Sequence[str]) -> tuple[str, ...]:
    which = ("--me",) if len(keys) > _MANY else (f"--name={','.join(keys)}",)
    return (*_IN_SECONDS, "squeue", "-h", "-r", "-t", "all", *which, "-o", "%j|%i|%T|%r|%V|%S|%e")


def queued(answer: str, jobs: Container[str] | None = None) -> Mapping[str, Queued]:
    return slurm_answers.queued(answer, jobs)


def accounting(keys: Sequence[str]) -> tuple[str, ...]:
    """Jobs that were held, or were to begin later, are only shown by their states and up to a time in the future."""
    which = () if len(keys) > _MANY else (f"--name={','.join(keys)}",)
    when = ("-S", "now-90days", "-E", "now+365days", "-s", "CA,CD,F,TO,NF,OOM,PR,BF,DL")
    fields = "JobName%200,JobID,State,Reason,Submit,Start,End"
    return (*_IN_SECONDS, "SLURM_BITSTR_LEN=0", "sacct", "-X", "-n", "-P", *when, *which, "-o", fields)


def accounted(answer: str, jobs: Container[str] | None = None) -> Mapping[str, Queued]:
    return slurm_answers.queued(answer, jobs)


def cancellation(key: str, element: str = "") -> tuple[str, ...]:
    """An element has the array's id in its name, which only the queue knows."""
    if element:
        return ("sh", "-c", _CANCEL_ELEMENT, "scancel", key, element)
    return ("scancel", f"--name={key}")


def kind(output: str) -> ErrorKind:
    return next((kind for pattern, kind in _KINDS if pattern.search(output)), ErrorKind.INVALID)


def advice(output: str) -> str:
    return advices.find(advices.SLURM, output)


def never_reached(output: str) -> bool:
    return "connect failure" in output.lower() or "connection refused" in output.lower()
