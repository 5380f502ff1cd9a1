"""The hinge: what a dry run shows is what a real run does."""

from __future__ import annotations

import pytest

from submit.errors import ErrorKind, ServiceError
from submit.job import Json
from submit.steps import Call, Command, Conversation, Read, Reply, Step, Upload, carry_out, preview

LOOK = Call(api="things", method="get", request={"id": "a"}, assumed={"size": 1})
WRITE = Upload(data=b"bytes", to="gs://bucket/object", digest="d1")


def look_then_write() -> Conversation[Json]:
    found = yield LOOK
    yield WRITE
    return found


def test_carry_out_sends_each_reply_and_returns_the_value() -> None:
    taken: list[Step] = []

    def perform(step: Step) -> Reply:
        taken.append(step)
        return {"size": 7} if isinstance(step, Call) else None

    assert carry_out(look_then_write(), perform) == {"size": 7}
    assert taken == [LOOK, WRITE]


def test_preview_takes_no_step_and_shows_them_all() -> None:
    assert preview(look_then_write()) == ([LOOK, WRITE], {"size": 1})


def test_preview_answers_commands_and_reads_without_the_world() -> None:
    def conversation() -> Conversation[tuple[Json, Json]]:
        text = yield Command(argv=("date",), assumed="today")
        page = yield Read(source="log", position=5)
        return text, page

    assert preview(conversation())[1] == ("today", {"data": "", "position": 5})


def test_what_is_uploaded_is_not_shown_with_the_step() -> None:
    """It may be megabytes."""
    assert repr(WRITE) == "Upload(to='gs://bucket/object', digest='d1', host='')"


def test_an_error_reaches_the_conversation_which_may_go_on() -> None:
    def ask_twice() -> Conversation[Json]:
        try:
            return (yield LOOK)
        except ServiceError:
            return (yield WRITE)

    def perform(step: Step) -> Reply:
        if isinstance(step, Call):
            raise ServiceError("no such thing", kind=ErrorKind.NOT_FOUND)
        return "written"

    assert carry_out(ask_twice(), perform) == "written"


def test_an_error_that_the_conversation_does_not_handle_comes_out() -> None:
    def perform(step: Step) -> Reply:
        raise ServiceError("quota exceeded", kind=ErrorKind.QUOTA)

    with pytest.raises(ServiceError, match="quota exceeded"):
        carry_out(look_then_write(), perform)
