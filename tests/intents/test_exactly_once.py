"""What the journal is told, in which order, and what it says when the conversation does not end well."""

from __future__ import annotations

import pytest

from submit.errors import (
    CommandError,
    ErrorKind,
    RefusedError,
    ServiceError,
    SubmitError,
    UnansweredError,
    UnsentError,
    UsageError,
)
from submit.intents.exactly_once import Submission
from submit.intents.intent import State
from submit.job import Handle
from submit.steps import Call, Conversation, Reply, Step
from tests.intents.examples import INTENT, PLACE, Notes, clock

LOOK = Call(api="things", method="get", request={})
CREATE = Call(api="things", method="create", request={}, changes=True, creates=PLACE)


def look_and_create() -> Conversation[Handle]:
    yield LOOK
    yield CREATE
    return Handle("vertex", "7")


def carried_out(answers: dict[str, BaseException]) -> tuple[Notes, Submission, BaseException | None]:
    notes = Notes()
    submission = Submission(INTENT, notes, clock)

    def perform(step: Step) -> Reply:
        assert isinstance(step, Call)
        if step.method in answers:
            raise answers[step.method]
        return {}

    try:
        submission.carry_out(look_and_create(), perform)
    except BaseException as error:  # noqa: BLE001 - a key press is one of them
        return notes, submission, error
    return notes, submission, None


def test_the_intent_is_written_before_anything_is_sent_and_again_before_the_job_is() -> None:
    notes, submission, error = carried_out({})
    assert error is None
    assert notes.states == [State.INTENDED, State.SENT, State.CREATED]
    assert (submission.intent.handle, submission.intent.places) == ("vertex://7", (PLACE,))


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (ServiceError("no", kind=ErrorKind.INVALID), State.REFUSED),
        (ServiceError("no", kind=ErrorKind.DENIED), State.REFUSED),
        (ServiceError("no", kind=ErrorKind.QUOTA), State.REFUSED),
        (UnsentError("no", kind=ErrorKind.TRANSIENT), State.REFUSED),
        (ServiceError("no", kind=ErrorKind.TRANSIENT), State.UNKNOWN),
        (UnansweredError("no", kind=ErrorKind.TRANSIENT), State.UNKNOWN),
        (ServiceError("no", kind=ErrorKind.INTERNAL), State.UNKNOWN),
        (KeyboardInterrupt(), State.UNKNOWN),
        (ZeroDivisionError(), State.UNKNOWN),
    ],
    ids=repr,
)
def test_a_creation_that_fails_is_unknown_unless_it_was_refused(error: BaseException, state: State) -> None:
    notes, submission, raised = carried_out({"create": error})
    assert raised is error
    assert notes.states == [State.INTENDED, State.SENT, state]
    assert submission.intent.reason


@pytest.mark.parametrize("error", [UsageError("no"), ServiceError("no", kind=ErrorKind.TRANSIENT), KeyboardInterrupt()])
def test_what_fails_before_the_creation_was_never_created(error: SubmitError) -> None:
    notes, submission, _ = carried_out({"get": error})
    assert notes.states == [State.INTENDED, State.REFUSED]
    assert submission.intent.places == ()


def test_what_the_conversation_knows_to_be_refused_was_never_created() -> None:
    """A program's exit code says nothing by itself; the backend reads what it wrote."""

    def refused() -> Conversation[Handle]:
        try:
            yield CREATE
        except CommandError as error:
            raise RefusedError("no", kind=ErrorKind.INVALID) from error
        return Handle("slurm", "8")

    def perform(step: Step) -> Reply:
        raise CommandError("sbatch: no", code=1, output="no")

    notes = Notes()
    with pytest.raises(RefusedError):
        Submission(INTENT, notes, clock).carry_out(refused(), perform)
    assert notes.states == [State.INTENDED, State.SENT, State.REFUSED]


def test_what_the_conversation_finds_after_a_lost_answer_is_created() -> None:
    def find_again() -> Conversation[Handle]:
        try:
            yield CREATE
        except ServiceError:
            yield LOOK
        return Handle("vertex", "8")

    def perform(step: Step) -> Reply:
        if step is CREATE:
            raise UnansweredError("lost", kind=ErrorKind.TRANSIENT)
        return {}

    notes = Notes()
    assert Submission(INTENT, notes, clock).carry_out(find_again(), perform) == Handle("vertex", "8")
    assert notes.states[-1] is State.CREATED
