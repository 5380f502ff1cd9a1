from __future__ import annotations

import pytest

from submit.backends import Backend, local, vertex
from submit.errors import ErrorKind, ServiceError
from submit.intents.intent import Intent, State
from submit.intents.moment import Moment
from submit.intents.recovery import settled
from submit.job import Json
from submit.steps import Call, Reply, Step, carry_out
from tests.intents.examples import INTENT, PLACE, clock

SENT = INTENT.sending(PLACE, clock())
LATER = Moment(1100.0, 110.0)


def known(intent: Intent, answer: Json | Exception, *, now: Moment = LATER, backend: Backend = vertex) -> Intent:
    def perform(step: Step) -> Reply:
        assert isinstance(step, Call)
        assert not step.changes, "a look changes nothing"
        if isinstance(answer, Exception):
            raise answer
        return answer

    return carry_out(settled(intent, backend, now, 60.0), perform)


def test_what_was_never_sent_is_known_without_asking() -> None:
    found = known(INTENT, AssertionError("asked"))
    assert (found.state, found.reason) == (State.REFUSED, "it was never sent")


def test_a_job_with_the_label_was_created() -> None:
    found = known(SENT, {"customJobs": [{"name": f"{PLACE}/7"}]})
    assert (found.state, found.handle) == (State.CREATED, f"vertex://{PLACE}/7")


@pytest.mark.parametrize(("now", "state"), [(Moment(1060.0, 70.0), State.UNKNOWN), (LATER, State.REFUSED)])
def test_a_job_that_is_not_there_was_never_created_once_it_cannot_come_any_more(now: Moment, state: State) -> None:
    assert known(SENT, {}, now=now).state is state


def test_while_the_service_does_not_answer_nothing_is_known() -> None:
    found = known(SENT, ServiceError("out of order", kind=ErrorKind.TRANSIENT))
    assert (found.state, found.reason) == (State.UNKNOWN, "out of order")


def test_every_place_is_looked_at() -> None:
    asked: list[Json] = []

    def perform(step: Step) -> Reply:
        assert isinstance(step, Call)
        asked.append(step.request["parent"])
        return {}

    twice = SENT.sending("projects/p/locations/us-east4/customJobs", clock())
    carry_out(settled(twice, vertex, LATER, 60.0), perform)
    assert asked == ["projects/p/locations/us-east4", "projects/p/locations/us-central1"]


def test_on_this_machine_the_name_of_another_submission_is_not_ours() -> None:
    sent = INTENT.sending("digits", clock())
    assert known(sent, [{"id": "digits", "submission_id": "s1"}], backend=local).handle == "local://digits"
    assert known(sent, [{"id": "digits", "submission_id": "s2"}], backend=local).state is State.REFUSED
    assert known(sent, ServiceError("no", kind=ErrorKind.NOT_FOUND), backend=local).state is State.REFUSED
