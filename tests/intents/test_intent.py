from __future__ import annotations

import json
from dataclasses import replace

import pytest

from submit.intents.intent import Intent, State
from submit.intents.moment import Moment
from tests.intents.examples import INTENT, PLACE, clock


@pytest.mark.parametrize("state", State)
def test_an_intent_survives_being_written_down(state: State) -> None:
    intent = replace(INTENT.sending(PLACE, clock()), state=state, handle="vertex://x", endpoints={"A": "b"})
    assert Intent.from_json(json.loads(json.dumps(intent.to_json()))) == intent


def test_what_only_another_version_knows_is_left_out() -> None:
    record = INTENT.to_json() | {"colour": "red"}
    assert isinstance(record["target"], dict)
    record["target"]["planet"] = "mars"
    assert Intent.from_json(record) == INTENT


def test_a_place_that_is_tried_again_is_one_place() -> None:
    intent = INTENT.sending("a", clock()).sending("b", clock()).sending("a", clock())
    assert (intent.places, intent.state, intent.sent) == (("a", "b"), State.SENT, clock())


@pytest.mark.parametrize(
    ("now", "passed"),
    [
        (Moment(1005.0, 15.0), 5.0),
        (Moment(90000.0, 15.0), 5.0),  # the wall clock was set forward
        (Moment(10.0, 15.0), 5.0),  # … or back
        (Moment(1005.0, 3.0), 5.0),  # the machine was started again
        (Moment(10.0, 3.0), 0.0),  # both: nobody knows
    ],
)
def test_the_time_that_has_passed_is_what_is_certain(now: Moment, passed: float) -> None:
    assert now.since(Moment(1000.0, 10.0)) == passed
