"""A job's script on its way into the queue: one job comes of it, or none, whatever becomes of the answer."""

from __future__ import annotations

from contextlib import suppress

from submit.backends import creation
from submit.backends.batch import asking, files, looking
from submit.backends.batch.dialect import Dialect
from submit.backends.batch.place import Place
from submit.errors import CommandError, ErrorKind, RefusedError, ServiceError, UnansweredError, UnsentError
from submit.steps import Command, Conversation


def send(command: Command, dialect: Dialect, place: Place, submission_id: str) -> Conversation[None]:
    """Returns when the job is in the queue; its id there is not needed."""
    try:
        answer = yield command
    except ServiceError as error:
        yield from _lost_or_refused(dialect, place, submission_id, error)
        return
    try:
        dialect.submitted(str(answer))
    except ServiceError as error:
        yield from _looked_for(dialect, place, submission_id, error)


def exists(dialect: Dialect, place: Place, submission_id: str) -> Conversation[bool]:
    """Whether the scheduler has the job of that submission, or has had it; an error if nobody can say so now."""
    answer = yield looking.look(place.site, [place.key])
    folder = looking.folders(str(answer)).get(place.key)
    if folder is None or folder.job.get("submission_id") != submission_id:
        return False
    if folder.records:
        return True
    answers = yield from asking.ask(dialect, place.site, [unit.key for unit in folder.units])
    if answers.problem:
        raise ServiceError(f"the scheduler is away: {answers.problem}", kind=ErrorKind.TRANSIENT)
    return any(answers.of(unit.key) for unit in folder.units)


def _lost_or_refused(dialect: Dialect, place: Place, submission_id: str, error: ServiceError) -> Conversation[None]:
    """Returns if the job is in the queue all the same."""
    if isinstance(error, CommandError):
        error = asking.said(dialect, error)
    if error.kind is ErrorKind.TRANSIENT and not isinstance(error, UnsentError):
        yield from _looked_for(dialect, place, submission_id, error)
        return
    with suppress(ServiceError):  # what was refused is worth more to know than what is left of it
        yield files.removal(place)
    raise RefusedError(error.problems[0], kind=error.kind) from error


def _looked_for(dialect: Dialect, place: Place, submission_id: str, lost: ServiceError) -> Conversation[None]:
    seen = ""
    for pause_s in creation.LOOKS_S:
        yield creation.pause(pause_s)
        try:
            if (yield from exists(dialect, place, submission_id)):
                return
            seen = "no job has come of it so far"
        except ServiceError as error:
            seen = f"then: {error}; whether the job was created is not known"
    hint = "`submit jobs recover` says whether there is a job; if it was never created, submit it again."
    raise UnansweredError(f"{lost}; {seen}", kind=ErrorKind.TRANSIENT, hint=hint) from lost
