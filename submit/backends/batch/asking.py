"""What the scheduler says of jobs: one question to the queue, and one to accounting about what that does not know."""

from __future__ import annotations

from collections.abc import Sequence

from submit.backends.batch.dialect import Dialect, Queued
from submit.backends.batch.place import Site, jobs_of
from submit.backends.batch.status import Answers
from submit.errors import CommandError, ErrorKind, ServiceError, UnsentError
from submit.steps import Command, Conversation

_ANSWER_S = 10.0
"""The scheduler's own clients wait 18 s for a controller that is down."""


def ask(dialect: Dialect, site: Site, keys: Sequence[str]) -> Conversation[Answers]:
    """`keys` are those of jobs and of elements."""
    jobs = jobs_of(keys)
    try:
        answer = yield question(dialect.queue(jobs), site)
    except ServiceError as error:
        if _is_away(dialect, error):
            return Answers(problem=str(error))
        raise
    found: dict[str, Queued] = dict(dialect.queued(str(answer), frozenset(jobs)))
    missing = jobs_of(key for key in keys if key not in found)
    argv = dialect.accounting(missing) if missing else ()
    if not argv:
        return Answers(found=found)
    try:
        answer = yield question(argv, site)
    except ServiceError:  # most small clusters have none
        return Answers(found=found)
    # the queue is newer: of an element that runs again accounting still tells how the run before ended
    return Answers(found={**dialect.accounted(str(answer), frozenset(missing)), **found}, is_accounted=True)


def question(argv: tuple[str, ...], site: Site) -> Command:
    return Command(argv=argv, host=site.host, timeout_s=_ANSWER_S, changes=False)


def said(dialect: Dialect, error: CommandError) -> ServiceError:
    """A failed command as what it means."""
    if dialect.never_reached(error.output):
        hint = f"The controller of {dialect.title} is away. Jobs that run go on without it; try again later."
        return UnsentError(str(error), kind=ErrorKind.TRANSIENT, hint=hint)
    return ServiceError(str(error), kind=dialect.kind(error.output), hint=dialect.advice(error.output))


def _is_away(dialect: Dialect, error: ServiceError) -> bool:
    return (said(dialect, error) if isinstance(error, CommandError) else error).kind is ErrorKind.TRANSIENT
