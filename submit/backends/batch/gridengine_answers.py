"""What Grid Engine's programs print, as values. Times are those of UTC: the questions set `TZ`."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from submit.backends.batch import ranges
from submit.backends.batch.dialect import Queued
from submit.status import Cause, State

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_END = "</job_info>\n"
_RUNNING_TIME, _WAITING_TIME = "JAT_start_time", "JB_submission_time"

# https://gridscheduler.sourceforge.net/htmlman/htmlman5/accounting.html, `failed`; others are troubles of the host
FAILURES: Mapping[int, tuple[State, Cause | None]] = {
    19: (State.FAILED, Cause.LOST),  # the shepherd was gone when its host came back
    21: (State.FAILED, Cause.LOST),  # the host knew nothing of the job any more
    25: (State.CANCELLED, Cause.CANCELLED),  # it was to start again, and has left the queue
    37: (State.FAILED, Cause.TIMEOUT),
    100: (State.FAILED, Cause.SIGNAL),
}


def queued(answer: str, jobs: Container[str] | None = None) -> Mapping[str, Queued]:
    """Of `qstat -xml`, and behind it what `qstat -j` says about reasons."""
    from xml.etree import ElementTree

    document, end, details = answer.rpartition(_END)
    root = ElementTree.fromstring(document + end)  # noqa: S314 the user's own cluster
    reasons = _reasons(details)
    elements = root.iter("job_list")
    ours = (each for each in elements if jobs is None or each.findtext("JB_name") in jobs)
    return {job.key: job for element in ours for job in _jobs(element, reasons)}


def accounted(answer: str, jobs: Container[str] | None = None) -> Mapping[str, Queued]:
    """Of `qacct -j`: a block for each run and for each task of a parallel job; the last is the job's end."""
    blocks = (_fields(block) for block in re.split(r"^=+$", answer, flags=re.MULTILINE))
    ours = (fields for fields in blocks if (name := fields.get("jobname")) and (jobs is None or name in jobs))
    return {job.key: job for job in map(_ended, ours)}


def _jobs(element: Element, reasons: Mapping[str, str]) -> Iterator[Queued]:
    """Of an array each element: one that runs stands alone, those that wait stand together."""
    key, tasks = element.findtext("JB_name", ""), element.findtext("tasks")
    for number in ranges.numbers(tasks or "1"):
        unit = f"{key}.{number}"
        yield _job(element, unit if tasks else key, reasons.get(unit) or reasons.get(key, ""))


def _job(element: Element, key: str, reason: str) -> Queued:
    number, word = element.findtext("JB_job_number", ""), element.findtext("state", "")
    state = _state(word)
    broken = state is State.FAILED
    return Queued(
        key=key,
        id=number,
        state=state,
        word=word,
        reason=_broken(reason, number) if broken else reason if state is State.QUEUED else "",
        cause=Cause.ENVIRONMENT if broken else None,
        submitted=_iso(element.findtext(_WAITING_TIME)),
        started=_iso(element.findtext(_RUNNING_TIME)),
    )


def _state(word: str) -> State:
    """https://gridscheduler.sourceforge.net/htmlman/htmlman1/qstat.html: letters, one for each thing that is so.

    A job in error stays in the queue for ever.
    """
    if "E" in word:
        return State.FAILED
    if "d" in word:
        return State.CANCELLING
    return State.QUEUED if "q" in word else State.RUNNING


def _broken(reason: str, number: str) -> str:
    told = reason or f"`qstat -j {number}` says why"
    return f"{told}; it stays in the queue: `qdel {number}`, or `qmod -cj {number}` when the cause is gone"


def _reasons(details: str) -> Mapping[str, str]:
    """Why they wait by the jobs' names, errors by the elements of arrays; the only one of a job has the number 1."""
    found: dict[str, str] = {}
    key = ""
    for line in details.splitlines():
        name, colon, text = line.partition(":")
        if name == "job_name":
            key = text.strip()
        elif colon and name.startswith("error reason"):
            found[f"{key}.{name.split()[-1]}"] = re.sub(r"^\S+ \S+ \[[\d:]+\]: (error: )?", "", text.strip())
        elif colon and name.startswith("scheduling info") and not text.strip().startswith("("):  # `(… is turned off)`
            found.setdefault(key, text.strip())
    return found


def _fields(block: str) -> Mapping[str, str]:
    return {name: value.strip() for name, _, value in _lines(block)}


def _lines(block: str) -> Iterator[tuple[str, str, str]]:
    yield from (line.partition(" ") for line in block.splitlines())


def _ended(fields: Mapping[str, str]) -> Queued:
    failed, _, words = fields.get("failed", "0").partition(":")
    number, code = _number(failed), _number(fields.get("exit_status", "0"))
    state, cause = _outcome(number, code)
    element = fields.get("taskid", "")
    return Queued(
        key=f"{fields['jobname']}.{element}" if element.isdecimal() else fields["jobname"],
        id=fields.get("jobnumber", ""),
        state=state,
        word=f"failed {number}" if number else f"exit_status {code}",
        reason=words.strip(),
        cause=cause,
        submitted=_time(fields.get("qsub_time")),
        started=_time(fields.get("start_time")),
        ended=_time(fields.get("end_time")),
    )


def _outcome(failed: int, code: int) -> tuple[State, Cause | None]:
    if failed:
        return FAILURES.get(failed, (State.FAILED, Cause.ENVIRONMENT))
    return (State.FAILED, None) if code else (State.SUCCEEDED, None)


def _number(text: str) -> int:
    found = re.match(r"\d+", text)
    return int(found[0]) if found else 0


def _iso(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None


def _time(text: str | None) -> datetime | None:
    """`Thu Nov 26 07:12:09 2026`, or `-/-` of a job that has not run."""
    try:
        return datetime.strptime(text or "", "%a %b %d %H:%M:%S %Y").replace(tzinfo=UTC)
    except ValueError:
        return None
