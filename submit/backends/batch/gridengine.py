"""Grid Engine's dialect, as its descendants of 6.2 speak it; tried on 8.1.9.

https://gridscheduler.sourceforge.net/htmlman/manuals.html: qsub(1), qstat(1), qacct(1), sge_pe(5)
"""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Container, Iterator, Mapping, Sequence

from submit.backends import Capability, Feature, Refused, StandsIn
from submit.backends.batch import advices, devices, gridengine_answers
from submit.backends.batch.any_cluster import ANY_CLUSTER
from submit.backends.batch.dialect import BatchJob, Queued
from submit.errors import ErrorKind, Problem, ServiceError, UsageError
from submit.status import Json

name = "gridengine"
title = "Grid Engine"
restarts_alike = "Grid Engine does not say whether a job was preempted or its host was lost"

options: Mapping[str, str] = {
    "host": "the machine that has qsub, as ssh names it; this machine if it is not said",
    "folder": "the folder for jobs on the file system that all hosts share (~/.jobdir)",
    "python": "the interpreter on the hosts (python3)",
    "environment": "what the site has, in place of an environment that is made: modules, venv, image",
    "queue": "the queue, as `qconf -sql` lists them",
    "project": "the project that is charged",
    "smp": "the parallel environment whose slots are on one host (smp), see `qconf -spl`",
    "mpi": "the parallel environment for several replicas (mpi)",
    "gpu_resource": "the complex that counts GPUs (gpu)",
    "gpus_per_host": "how many GPUs a host has, where /dev/nvidia* does not tell",
    "memory_resource": "the complex that memory is asked for by, per slot, e.g. h_vmem; without it none is asked for",
    "array": "so many elements, each with its number in CLOUD_ML_TRIAL_ID, e.g. 100, or 100%10: ten at a time",
    "cpus": "slots per replica, in place of the machine type's CPUs",
    "memory": "memory per replica, in place of the machine type's, e.g. 16GiB",
    "grace": "how long a replica may clean up after SIGTERM, in seconds (10)",
    "directives": "more options of qsub, e.g. [-m e, -l arch=lx-amd64]",
}

capabilities: Mapping[Feature, Capability] = {
    **ANY_CLUSTER,
    Feature.MACHINE_TYPE: StandsIn("slots of the cluster's hosts stand in for the machine types, one for each CPU"),
    Feature.ACCELERATOR: StandsIn("GPUs are asked for by number, one with each slot of a replica"),
    Feature.TPU: Refused("Grid Engine has no TPUs"),
    Feature.BOOT_DISK: StandsIn("the disks of the hosts are used"),
    Feature.RUNTIME_IMAGE: StandsIn("the trainer runs in the hosts' own Python, with the packages that it requires"),
    Feature.SPOT: StandsIn("whether a job may be suspended is the queue's, see `submit.gridengine.queue`"),
    Feature.MAX_WAIT: Refused("Grid Engine waits without a limit; cancel the job if it waits too long"),
    Feature.PRIORITY: Refused("Grid Engine's priorities are the site's; name a `submit.gridengine.project`"),
}

_KINDS = (
    (re.compile(r"unable to (send message to|contact) qmaster|commlib|connection refused", re.I), ErrorKind.TRANSIENT),
    (re.compile(r"^(the job .*|job \"[^\"]*\" task .*) do(es)? not exist", re.I | re.M), ErrorKind.NOT_FOUND),
    (re.compile(r"denied|not allowed|no permission|insufficient", re.I), ErrorKind.DENIED),
    (re.compile(r"exceed|quota|job limit", re.I), ErrorKind.QUOTA),
)
_NAMED = 20
"""more jobs than these are not named one by one: all of the user's are asked for"""
_SPARE_S = 60
"""The job's own end at its time-out comes first; the scheduler's is SIGKILL, without a word."""

_QUEUE = r"""
export TZ=UTC0 LC_ALL=C
qstat -xml || exit
[ -z "$1" ] || qstat -j "$1" 2>/dev/null | grep -E '^(job_name|error reason|scheduling info)|^ {20}'
exit 0
"""
_ACCOUNTING = r"""
export TZ=UTC0 LC_ALL=C
[ $# -gt 0 ] || exec qacct -d 90 -o "$(id -un)" -j
for key; do qacct -j "$key" 2>/dev/null; done
exit 0
"""
_WAIT = """\
trap 'kill -TERM "$first"; echo qdel > "stop.$turn"' USR2 TERM
code=0
for task in $tasks; do
  while wait "$task"; status=$?; kill -0 "$task" 2>/dev/null; do :; done
  [ "$code" != 0 ] || code=$status
done
case $code in 99 | 100) code=1 ;; esac  # they would start it again, or hold it for ever
exit "$code"
"""


def script(job: BatchJob) -> str:
    directives = "".join(f"#$ {line}\n" for line in _directives(job))
    turn = "$SGE_TASK_ID.$restart" if job.array else "$restart"
    return f"""\
#!/bin/sh
{directives}cd {shlex.quote(job.folder)} || exit 74
restart=0  # Grid Engine does not count
while [ "$RESTARTED" = 1 ] && [ -e "fence.{turn}" ]; do restart=$((restart + 1)); done
turn={turn}
trap '' USR1 USR2
sh task.sh 0 "$restart" "{_id(job)}" "$(hostname)"{_element(job)} &
first=$! tasks=$!
{_others(job) if job.replicas > 1 else ""}{_WAIT}"""


def _others(job: BatchJob) -> str:
    """Starts the tasks behind the first, host by host, as the parallel environment has given them slots."""
    start = 'qrsh -inherit -nostdin "$host" /bin/sh "$PWD/task.sh" "$rank" "$restart" '
    start += f'"{_id(job)}" "$host"{_element(job)}'
    slots = _slots(job)
    return f"""\
PATH="$PATH:$SGE_ROOT/bin/$ARC"
rank=0
while read -r host slots rest; do
  while [ "$slots" -ge {slots} ] && [ "$rank" -lt {job.replicas} ]; do
    if [ "$rank" -gt 0 ]; then
      {start} &
      tasks="$tasks $!"
    fi
    rank=$((rank + 1)) slots=$((slots - {slots}))
  done
done < "$PE_HOSTFILE"
if [ "$rank" -lt {job.replicas} ]; then
  echo "the slots do not come by {slots} on a host: the parallel environment needs another allocation_rule" >&2
  echo slots > "stop.$turn"
fi
"""


def _id(job: BatchJob) -> str:
    return "$JOB_ID.$SGE_TASK_ID" if job.array else "$JOB_ID"


def _element(job: BatchJob) -> str:
    """The last argument of a task: without an array the variable is `undefined`."""
    return ' "$SGE_TASK_ID"' if job.array else ""


def _directives(job: BatchJob) -> Iterator[str]:
    said, slots = job.options, _slots(job)
    yield "-S /bin/sh"
    yield f"-N {job.key}"
    yield "-cwd"
    yield "-j y"
    if job.array:
        yield f"-t 1-{job.array.size}" + (f" -tc {job.array.at_once}" if job.array.at_once else "")
    yield f"-o :{job.folder}/cluster{'.$TASK_ID' if job.array else ''}.log"
    yield f"-r {'y' if job.requeue else 'n'}"
    yield "-notify"  # SIGUSR2 before a deletion's SIGKILL
    if job.replicas > 1:
        yield f"-pe {_word('mpi', said.get('mpi', 'mpi'))} {slots * job.replicas}"
    elif slots > 1:
        yield f"-pe {_word('smp', said.get('smp', 'smp'))} {slots}"
    yield from (f"-l {resource}" for resource in _resources(job, slots))
    if "queue" in said:
        yield f"-q {_word('queue', said['queue'])}"
    if "project" in said:
        yield f"-P {_word('project', said['project'])}"
    more = said.get("directives")
    yield from (_directive(str(text)) for text in (more if isinstance(more, list) else ()))


def _resources(job: BatchJob, slots: int) -> Iterator[str]:
    """All are counted per slot."""
    said = job.options
    if job.shape.gpus:
        yield f"{_word('gpu_resource', said.get('gpu_resource', 'gpu'))}=1"
    if "memory_resource" in said and job.shape.memory_mb is not None:
        yield f"{_word('memory_resource', said['memory_resource'])}={math.ceil(job.shape.memory_mb / slots)}M"
    if job.limit_s is not None:
        yield f"h_rt={math.ceil(job.limit_s) + _SPARE_S}"


def _slots(job: BatchJob) -> int:
    """Of a replica; a site counts GPUs per slot, so that their number decides."""
    return job.shape.gpus or job.shape.cpus


def _word(key: str, value: Json) -> str:
    text = str(value)
    if re.fullmatch(r"[A-Za-z@][\w.@*-]*", text, re.ASCII):
        return text
    raise UsageError(Problem(message=f"submit.gridengine.{key}: `{text}` is not a name of Grid Engine"))


def _directive(text: str) -> str:
    if re.match(r"-(tc?|N)\b", text):
        array = "Say it as `submit.gridengine.array`, e.g. 100%10."
        hint = array if text.startswith("-t") else "Jobs are found by their names in the queue; use `labels`."
        raise UsageError(Problem(message=f"submit.gridengine.directives: `{text}` is not for a directive", hint=hint))
    if re.fullmatch(r"-[a-zA-Z][^\n\r]*", text):
        return text
    hint = "Write each as qsub takes it, e.g. `-m e` or `-l arch=lx-amd64`."
    raise UsageError(Problem(message=f"submit.gridengine.directives: `{text}` is not an option of qsub", hint=hint))


def task(job: BatchJob) -> str:
    lines = [
        f"rank=${{1:-0}} restart=${{2:-0}} id=$3 address=$4{' element=$5' if job.array else ''}",
        "trap '' USR1 USR2  # the wrapper says what they mean",
        'cd "$(dirname "$0")" || exit 74',
    ]
    if job.shape.gpus:
        there = job.options.get("gpus_per_host")
        lines.append(devices.take(job.shape.gpus, there if isinstance(there, int) else None))
    return "\n".join(lines)


def submission(job: BatchJob) -> tuple[str, ...]:
    """What no host could ever run is refused."""
    return ("qsub", "-terse", "-w", "e")


def submitted(answer: str) -> str:
    """`12`, for arrays `12.1-5:1`, or what wrappers of sites leave: `Your job 12 ("name") has been submitted`."""
    found = re.search(r"^(?:Your job(?:-array)? )?(\d+)\b", answer, re.MULTILINE)
    if found is None:
        raise ServiceError(f"qsub gave an answer that cannot be read: {answer.strip()}", kind=ErrorKind.INTERNAL)
    return found[1]


def queue(keys: Sequence[str]) -> tuple[str, ...]:
    """Of some jobs also why they wait; the whole queue's reasons would be long."""
    return ("sh", "-c", _QUEUE, "qstat", ",".join(keys) if len(keys) <= _NAMED else "")


def queued(answer: str, jobs: Container[str] | None = None) -> Mapping[str, Queued]:
    return gridengine_answers.queued(answer, jobs)


def accounting(keys: Sequence[str]) -> tuple[str, ...]:
    return ("sh", "-c", _ACCOUNTING, "qacct", *(keys if len(keys) <= _NAMED else ()))


def accounted(answer: str, jobs: Container[str] | None = None) -> Mapping[str, Queued]:
    return gridengine_answers.accounted(answer, jobs)


def cancellation(key: str, element: str = "") -> tuple[str, ...]:
    """It speaks on standard output, also of what went wrong."""
    return ("sh", "-c", 'qdel "$@" >&2', "qdel", key, *(("-t", element) if element else ()))


def kind(output: str) -> ErrorKind:
    return next((kind for pattern, kind in _KINDS if pattern.search(output)), ErrorKind.INVALID)


def advice(output: str) -> str:
    return advices.find(advices.GRIDENGINE, output)


def never_reached(output: str) -> bool:
    return "connection refused" in output.lower()
