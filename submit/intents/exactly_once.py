"""The driver's part of exactly-once: the intent is on disk before the call that creates, and what came of it after.

Looking for a job whose answer was lost is the conversation's part (`submit.backends.creation`), for it knows where.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from submit import redact
from submit.errors import ErrorKind, RefusedError, ServiceError, SubmitError, UnsentError
from submit.intents.intent import Intent, State
from submit.intents.moment import Moment
from submit.status import Handle
from submit.steps import Call, Command, Conversation, Perform, Reply, Step, carry_out

_NO_ANSWER = (ErrorKind.TRANSIENT, ErrorKind.INTERNAL)


class Journal(Protocol):
    """`write` does not return before the intent would survive a crash; `settle` does its best."""

    def write(self, intent: Intent) -> None: ...
    def settle(self, intent: Intent) -> None: ...


class Submission:
    """One submission on its way: its intent, as the journal has it."""

    def __init__(self, intent: Intent, journal: Journal, clock: Callable[[], Moment]) -> None:
        self.intent = intent
        self._journal, self._clock = journal, clock
        self._unanswered = False

    def carry_out(self, conversation: Conversation[Handle], perform: Perform) -> Handle:
        self._journal.write(self.intent)
        try:
            handle = carry_out(conversation, lambda step: self._perform(step, perform))
        except BaseException as error:
            unknown = self._unanswered and not isinstance(error, RefusedError)
            self._settle(State.UNKNOWN if unknown else State.REFUSED, reason=_words(error))
            raise
        self._settle(State.CREATED, handle=str(handle))
        return handle

    def _perform(self, step: Step, perform: Perform) -> Reply:
        if not (isinstance(step, Call | Command) and step.creates):
            return perform(step)
        self.intent = self.intent.sending(step.creates, self._clock())
        self._journal.write(self.intent)
        self._unanswered = True
        try:
            return perform(step)
        except SubmitError as error:
            self._unanswered = not is_refusal(error)
            raise

    def _settle(self, state: State, *, handle: str | None = None, reason: str = "") -> None:
        self.intent = replace(self.intent, state=state, handle=handle, reason=reason)
        self._journal.settle(self.intent)


def is_refusal(error: SubmitError) -> bool:
    """Whether it is certain that nothing was created."""
    if isinstance(error, UnsentError):
        return True
    return not (isinstance(error, ServiceError) and error.kind in _NO_ANSWER)


def _words(error: BaseException) -> str:
    return redact.text(str(error)) if isinstance(error, SubmitError) else f"interrupted by {type(error).__name__}"
