"""What is known of a job, or of one element of an array, as one status. Pure.

Its own exit record decides; where it says nothing, or only that the job was told to end, the scheduler does, and last
what the folder shows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple, cast

from submit.backends.batch import replicas
from submit.backends.batch.dialect import Queued
from submit.backends.batch.looking import Folder
from submit.backends.batch.place import Place
from submit.status import Cause, JsonObject, State, Status

RECORD_LAG_S = 30.0
"""So long after a job's end its exit record may not be visible yet, on file systems that cache."""
ACCOUNTING_LAG_S = 30.0
"""So long after a job's end accounting may not know of it yet."""
SUBMISSION_S = 120.0
"""So long a submission may take from the job's file to its place in the queue."""

_CAUSES = {
    "exit code": Cause.EXIT_CODE,
    "out of memory": Cause.OUT_OF_MEMORY,
    "environment": Cause.ENVIRONMENT,
    "signal": Cause.SIGNAL,
    "terminated": Cause.SIGNAL,
    "preempted": Cause.PREEMPTED,
    "node_lost": Cause.LOST,
}
_UNCLEAR = ("signal", "terminated")
"""Perhaps the scheduler has ended it; it knows why."""
_OWN_ENDS = (Cause.TIMEOUT, Cause.LOST, Cause.OUT_OF_MEMORY, Cause.PREEMPTED)
"""What a scheduler does not take a cancellation for: the job had ended before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What the scheduler said, by the jobs' keys; `problem`: why it said nothing. `is_accounted`: accounting, which may
    come some seconds after a job's end, has been asked as well."""

    found: Mapping[str, Queued] = field(default_factory=dict)
    problem: str = ""
    is_accounted: bool = False

    def of(self, key: str) -> Queued | None:
        """An array that was cancelled at once is accounted for as a single job: it stands for all elements."""
        return self.found.get(key) or self.found.get(key.partition(".")[0])

    def tells_end_of(self, key: str) -> bool:
        """Whether the job is over, as far as the scheduler knows."""
        queued = self.of(key)
        return queued.state.ended if queued else not self.problem


class Verdict(NamedTuple):
    """`source`: what it was taken from. A tuple, because there are many."""

    state: State
    cause: Cause | None = None
    exit_code: int | None = None
    message: str = ""
    source: str = "its record"


def status(folder: Folder, place: Place, backend: str, answers: Answers | None = None) -> Status:
    queued = answers.of(folder.key) if answers else None
    verdict = ending(folder) or _by_scheduler(folder, queued, answers or Answers())
    started = [cast(float, record["started"]) for record in folder.records if record.get("started")]
    ended = [cast(float, record["ended"]) for record in folder.records if record.get("ended")]
    failed = _decisive(folder)
    return Status(
        handle=place.handle(backend),
        name=str(folder.job.get("name") or folder.key),
        state=verdict.state,
        cause=verdict.cause,
        exit_code=verdict.exit_code,
        message=verdict.message,
        created=folder.created,
        started=_time(min(started)) if started else queued.started if queued else None,
        ended=_ended(ended, queued) if verdict.state.ended else None,
        replicas=tuple(replicas.of(folder, verdict.state)),
        labels=cast("dict[str, str]", folder.job.get("labels") or {}),
        job_dir=job_dir(folder, place),
        links={"folder": folder_link(place)},
        traceback=str(failed.get("traceback") or "") if failed and verdict.state is State.FAILED else "",
        raw={"source": verdict.source, "word": queued.word if queued else "", "records": list(folder.records)},
    )


def ending(folder: Folder) -> Verdict | None:
    """How the job ended, if its records alone can tell."""
    record = _decisive(folder)
    if record is None:
        return None
    if record.get("why") == "time-out":
        limit = cast(float, folder.job.get("timeout_s") or 0)
        message = f"The job did not finish within its time-out of {limit:g} s and was terminated."
        return Verdict(state=State.FAILED, cause=Cause.TIMEOUT, message=message)
    if record.get("why") == "silence":
        limit = cast(float, folder.job.get("max_silence_s") or 0)
        message = f"The job wrote nothing for {limit:g} s and was terminated."
        return Verdict(state=State.FAILED, cause=Cause.TIMEOUT, message=message)
    if record.get("why") or record.get("again") or record.get("cause") in _UNCLEAR:
        return None
    if record.get("cause") is None and record.get("exit_code") == 0:
        return Verdict(state=State.SUCCEEDED, exit_code=0)
    return _failure(record)


def _decisive(folder: Folder) -> JsonObject | None:
    """The record of the replica that ended the job: the first that failed, or the primary one."""
    if not folder.records:
        return None
    ended = [record for record in folder.records if record.get("state") == "ENDED" and record.get("why") != "peer"]
    ended.sort(key=lambda record: cast(float, record.get("ended") or 0.0))
    primary = [record for record in ended if record.get("replica") == "workerpool0-0"]
    failed = [record for record in ended if record.get("exit_code") != 0 or record.get("why")]
    return next(iter((*failed, *primary)), None)


def _failure(record: JsonObject) -> Verdict:
    code = record.get("exit_code")
    return Verdict(
        state=State.FAILED,
        cause=_CAUSES.get(str(record.get("cause")), Cause.EXIT_CODE),
        exit_code=code if isinstance(code, int) else None,
        message=str(record.get("message") or ""),
    )


def _by_scheduler(folder: Folder, queued: Queued | None, answers: Answers) -> Verdict:
    if queued is None:
        return _unasked(folder, answers.problem) if answers.problem else _forgotten(folder, answers)
    verdict = _ended_there(folder, queued) if queued.state.ended else _active(folder, queued)
    return verdict._replace(source="the scheduler")


def _active(folder: Folder, queued: Queued) -> Verdict:
    if folder.cancelled:
        return Verdict(state=State.CANCELLING)
    if queued.state is State.QUEUED:
        return Verdict(state=State.QUEUED, message=_waiting(queued))
    if any(record.get("state") == "RUNNING" for record in folder.records):
        return Verdict(state=State.RUNNING)
    again = (str(record.get("message") or "") for record in folder.records if record.get("again"))
    return Verdict(state=State.PREPARING, message=next(again, ""))


def _waiting(queued: Queued) -> str:
    """The scheduler's reason, and what to do if it will not pass by itself."""
    if queued.reason in ("", "None"):
        return ""
    return f"It waits: {queued.reason}." + (f" {queued.stuck}" if queued.stuck else "")


def _ended_there(folder: Folder, queued: Queued) -> Verdict:
    if queued.state is State.CANCELLED or (folder.cancelled and queued.cause not in _OWN_ENDS):
        return _cancelled()
    record = _decisive(folder)
    if queued.state is State.SUCCEEDED:
        return _without_record(folder, queued)
    if queued.cause is None and folder.records and record is None and _is_recent(folder, queued):
        return _AWAITED
    own = _failure(record) if record else Verdict(state=State.FAILED)
    words = [f"The scheduler says {queued.word}" + (f" ({queued.reason})." if queued.reason else "."), own.message]
    return own._replace(cause=queued.cause or own.cause, message=" ".join(filter(None, [*words, folder.log])))


def _without_record(folder: Folder, queued: Queued) -> Verdict:
    """The scheduler is content. Unless the record is on its way, the job never got as far as our own program."""
    if _is_recent(folder, queued):
        return _AWAITED
    message = f"The scheduler says {queued.word}, but the job has left no exit record. {folder.log}"
    return Verdict(state=State.FAILED, cause=Cause.ENVIRONMENT, message=message.strip())


def _is_recent(folder: Folder, queued: Queued) -> bool:
    return _now(folder) - (queued.ended or folder.created).timestamp() < RECORD_LAG_S


def _now(folder: Folder) -> float:
    """By the clock of the file system."""
    return folder.created.timestamp() + folder.age_s


_AWAITED = Verdict(state=State.RUNNING, message="It has ended; its exit record is awaited.")
_UNACCOUNTED = Verdict(state=State.RUNNING, message="It has ended; accounting is awaited, which says why.")


def _unasked(folder: Folder, problem: str) -> Verdict:
    """The last that is known; jobs go on without the scheduler."""
    state = State.CANCELLING if folder.cancelled else State.RUNNING if folder.records else State.QUEUED
    return Verdict(state=state, message=f"This is what its own record says, because the scheduler is away: {problem}")


def _forgotten(folder: Folder, answers: Answers) -> Verdict:
    """Neither the queue nor accounting knows it, which Grid Engine writes 15 s late where a site has not said
    otherwise."""
    record = _decisive(folder)
    if folder.cancelled:
        return _cancelled()
    if record:
        ended = cast(float, record.get("ended") or 0.0)
        is_due = answers.is_accounted and _now(folder) - ended < ACCOUNTING_LAG_S
        return _UNACCOUNTED if is_due else _failure(record)
    if folder.records:
        message = "The scheduler does not know it any more, and it has left no exit record: its node was lost."
        return Verdict(state=State.FAILED, cause=Cause.LOST, message=message, source="the folder")
    if folder.age_s < SUBMISSION_S:
        return Verdict(state=State.QUEUED, message="It is being submitted.", source="the folder")
    message = f"The scheduler does not know it, and it has never run. {folder.log}"
    return Verdict(state=State.FAILED, cause=Cause.LOST, message=message.strip(), source="the folder")


def _cancelled() -> Verdict:
    return Verdict(state=State.CANCELLED, cause=Cause.CANCELLED, message="The job was cancelled.")


def job_dir(folder: Folder, place: Place) -> str:
    """That of an element is a folder in that of its array."""
    if recorded := next((record.get("job_dir") for record in folder.records), None):
        return str(recorded)
    whole = str(folder.job.get("job_dir") or f"{place.site.folder}/output/{place.key}")
    return f"{whole}/{place.element}" if place.element else whole


def folder_link(place: Place) -> str:
    host = f"{place.site.host}:" if place.site.host else ""
    return f"{host}{place.site.folder}/jobs/{place.key}"


def _ended(recorded: Sequence[float], queued: Queued | None) -> datetime | None:
    return _time(max(recorded)) if recorded else queued.ended if queued else None


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
