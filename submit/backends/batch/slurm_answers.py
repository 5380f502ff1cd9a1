"""What Slurm's programs print, as values."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from submit.backends.batch import ranges
from submit.backends.batch.dialect import Queued
from submit.status import Cause, State

# https://slurm.schedmd.com/squeue.html#SECTION_JOB-STATE-CODES
STATES: Mapping[str, tuple[State, Cause | None]] = {
    "PENDING": (State.QUEUED, None),
    "REQUEUED": (State.QUEUED, None),
    "REQUEUE_FED": (State.QUEUED, None),
    "REQUEUE_HOLD": (State.QUEUED, None),
    "SPECIAL_EXIT": (State.QUEUED, None),
    "RESV_DEL_HOLD": (State.QUEUED, None),
    "CONFIGURING": (State.PREPARING, None),
    "RUNNING": (State.RUNNING, None),
    "COMPLETING": (State.RUNNING, None),
    "STAGE_OUT": (State.RUNNING, None),
    "SIGNALING": (State.RUNNING, None),
    "RESIZING": (State.RUNNING, None),
    "SUSPENDED": (State.RUNNING, None),
    "STOPPED": (State.RUNNING, None),
    "COMPLETED": (State.SUCCEEDED, None),
    "FAILED": (State.FAILED, None),
    "CANCELLED": (State.CANCELLED, Cause.CANCELLED),
    "REVOKED": (State.CANCELLED, Cause.CANCELLED),
    "TIMEOUT": (State.FAILED, Cause.TIMEOUT),
    "DEADLINE": (State.FAILED, Cause.TIMEOUT),
    "PREEMPTED": (State.FAILED, Cause.PREEMPTED),
    "NODE_FAIL": (State.FAILED, Cause.LOST),
    "BOOT_FAIL": (State.FAILED, Cause.LOST),
    "OUT_OF_MEMORY": (State.FAILED, Cause.OUT_OF_MEMORY),
}

# https://slurm.schedmd.com/resource_limits.html#reasons; most of these do not pass by waiting
_CANCEL = "It will never start: cancel it, and"
STUCK: Mapping[str, str] = {
    "PartitionConfig": f"{_CANCEL} ask for no more nodes than the partition has (`sinfo`).",
    "PartitionNodeLimit": f"{_CANCEL} ask for no more nodes than the partition allows (`sinfo -o '%P %s'`).",
    "PartitionTimeLimit": f"{_CANCEL} ask for less time than the partition's limit (`sinfo -o '%P %l'`).",
    "PartitionDown": "Its partition is down: wait for the site, or cancel it and choose another.",
    "PartitionInactive": "Its partition is inactive: wait for the site, or cancel it and choose another.",
    "BadConstraints": f"{_CANCEL} ask for what some node has (`sinfo -o '%N %f %G %c %m'`).",
    "AccountNotAllowed": f"{_CANCEL} name an account that the partition allows, `submit.slurm.account`.",
    "InvalidAccount": f"{_CANCEL} name an account that there is, `submit.slurm.account`.",
    "InvalidQOS": f"{_CANCEL} name a quality of service that there is, `submit.slurm.qos`.",
    "DependencyNeverSatisfied": f"{_CANCEL} submit it without that dependency.",
    "BeginTime": "It begins at its time; a job that was put back into the queue waits two minutes.",
    "launch failed requeued held": "No node could start it, and it is held: `scontrol release` lets it go.",
    "JobHeldUser": "It is held: `scontrol release` lets it go.",
    "JobHeldAdmin": "The site holds it: ask its administrators.",
    "ReservationDeleted": f"{_CANCEL} name a reservation that there is.",
}


def queued(answer: str, jobs: Container[str] | None = None) -> Mapping[str, Queued]:
    """Of an array each element, with its number behind the key."""
    rows = (line.split("|") for line in answer.splitlines())
    found = (_job(key, *facts) for key, *facts in rows if len(facts) == 6 and (jobs is None or key in jobs))
    return {
        unit: job if unit == job.key else replace(job, key=unit) for job in found for unit in _units(job.key, job.id)
    }


def _units(key: str, number: str) -> Iterator[str]:
    """`12` is a job, `12_7` an element of one, and `12_[3,5-99%4]` are those that have not begun."""
    _, sign, elements = number.partition("_")
    yield from (f"{key}.{element}" for element in ranges.numbers(elements)) if sign else (key,)


def _job(key: str, number: str, word: str, reason: str, submitted: str, started: str, ended: str) -> Queued:
    """The state may have more words: `CANCELLED by 0`. A cancelled job keeps the reason for which it had waited."""
    word = word.partition(" ")[0].rstrip("+")
    state, cause = STATES.get(word, (State.RUNNING, None))
    return Queued(
        key=key,
        id=number,
        state=state,
        word=word,
        reason="" if reason in ("None", "(null)") else reason,
        cause=cause,
        submitted=_time(submitted),
        started=_time(started),
        ended=_time(ended),
        stuck=STUCK.get(reason, "") if state is State.QUEUED else "",
    )


def _time(text: str) -> datetime | None:
    return datetime.fromtimestamp(int(text), UTC) if text.isdecimal() else None
