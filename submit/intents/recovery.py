"""What became of a submission that nobody saw the end of. Pure: it asks the backend, and judges."""

from __future__ import annotations

from dataclasses import replace

from submit import redact
from submit.backends import Backend
from submit.errors import SubmitError
from submit.intents.intent import Intent, State
from submit.intents.moment import Moment
from submit.status import Handle
from submit.steps import Conversation

PATIENCE_S = 60.0
"""So long after it was sent a creation may still come about, though whoever sent it is gone."""


def settled(intent: Intent, backend: Backend, now: Moment, patience_s: float) -> Conversation[Intent]:
    """The intent as it is known now: created, refused (no job came of it), or unknown, with the reason."""
    if not intent.places:
        return replace(intent, state=State.REFUSED, reason="it was never sent")
    try:
        handle = yield from _find(intent, backend)
    except SubmitError as error:
        return unknown(intent, error)
    if handle is not None:
        return replace(intent, state=State.CREATED, handle=str(handle), reason="")
    if _age_s(intent, now) < patience_s:
        return replace(intent, state=State.UNKNOWN, reason="it was sent a moment ago and may still come about")
    return replace(intent, state=State.REFUSED, reason="it was sent, and there is no such job")


def unknown(intent: Intent, error: SubmitError) -> Intent:
    """Nobody could be asked."""
    return replace(intent, state=State.UNKNOWN, reason=redact.text(str(error)))


def _find(intent: Intent, backend: Backend) -> Conversation[Handle | None]:
    """The newest place first: the job went there last."""
    for place in reversed(intent.places):
        handle = yield from backend.find(intent.submission_id, place, intent.target)
        if handle is not None:
            return handle
    return None


def _age_s(intent: Intent, now: Moment) -> float:
    return now.since(intent.sent or intent.began)
