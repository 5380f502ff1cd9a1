"""Values as text for people."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import yaml

from submit.cli.render import log_yaml, reason, status_lines, table
from submit.job import Cause, Handle, JsonObject, LogEntry, State, Status

ENDED = Status(handle=Handle("local", "a"), name="a", state=State.FAILED)


@pytest.mark.parametrize(
    ("cause", "code", "words"),
    [
        (Cause.EXIT_CODE, 3, "exit code 3"),
        (Cause.SIGNAL, 139, "signal 11 (SIGSEGV)"),
        (Cause.SIGNAL, 128 + 120, "signal 120"),
        (Cause.OUT_OF_MEMORY, 137, "out of memory"),
        (Cause.TIMEOUT, None, "time-out"),
        (Cause.ENVIRONMENT, None, "environment"),
        (None, 0, ""),
    ],
)
def test_a_cause_is_told_in_words(cause: Cause | None, code: int | None, words: str) -> None:
    status = Status(handle=ENDED.handle, name="a", state=State.FAILED, cause=cause, exit_code=code)
    assert reason(status) == words


@pytest.mark.parametrize(("backend", "words"), [("local", "supervisor lost"), ("slurm", "machine lost")])
def test_what_was_lost_is_called_as_people_know_it(backend: str, words: str) -> None:
    assert reason(Status(handle=Handle(backend, "a"), name="a", state=State.FAILED, cause=Cause.LOST)) == words


def test_how_long_a_job_took_whose_end_nobody_saw_is_not_told() -> None:
    status = Status(handle=ENDED.handle, name="a", state=State.FAILED, started=datetime(2026, 11, 26, tzinfo=UTC))
    assert not [line for line in status_lines(status) if line.startswith("duration")]


def test_figures_of_trials_are_short() -> None:
    status = Status(
        handle=ENDED.handle,
        name="a",
        state=State.SUCCEEDED,
        trials=({"id": "1", "state": "SUCCEEDED", "metrics": {"accuracy": 0.9805555555}, "parameters": {"size": 64}},),
    )
    assert list(status_lines(status))[-1] == "1      SUCCEEDED  accuracy=0.980556  size=64"


def test_elements_of_an_array_say_how_they_have_ended() -> None:
    elements: tuple[JsonObject, ...] = (
        {"id": "1", "state": "SUCCEEDED", "exit_code": 0, "cause": None, "message": ""},
        {"id": "2", "state": "FAILED", "exit_code": 3, "cause": "exit code", "message": "status 3\nmore"},
    )
    status = Status(handle=ENDED.handle, name="a", state=State.FAILED, trials=elements)
    assert list(status_lines(status))[-2:] == ["1        SUCCEEDED", "2        FAILED     exit code 3  status 3"]


def test_of_very_many_elements_those_are_shown_that_have_something_to_say() -> None:
    elements: list[JsonObject] = [{"id": str(number), "state": "SUCCEEDED"} for number in range(1, 1001)]
    elements[776]["state"] = "FAILED"
    lines = list(status_lines(Status(handle=ENDED.handle, name="a", state=State.FAILED, trials=tuple(elements))))
    assert "777      FAILED" in lines
    assert lines[-1] == "… and 900 more; `--format json` has all"
    assert len(lines) < 110


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    assert list(table(["A", "B"], [["long", ""], ["x", "y"]])) == ["A     B", "long", "x     y"]


def test_a_log_entry_as_yaml_reads_back() -> None:
    entry = LogEntry("2026-01-01T00:00:00.000000000Z", "INFO", "r", "a: [\n☃", "1")
    text = log_yaml(entry)
    assert text.startswith("---\ntime: '2026-01-01T00:00:00.000000000Z'\n")
    assert yaml.safe_load(text)["message"] == "a: [\n☃"


def test_words_of_a_trainer_do_nothing_to_a_terminal() -> None:
    words = "boom\x1b]0;title\x07 \x1b[2J\u202e\r\n"
    status = Status(handle=ENDED.handle, name="a", state=State.FAILED, message=words, traceback=f"Traceback\n{words}")
    shown = "\n".join(status_lines(status))
    assert shown.count("boom") == 2
    assert not [text for text in ("\x1b]", "\x1b[2J", "\x07", "\u202e") if text in shown]
    assert list(table(["NAME"], [["\x1b[2Jloss\nvalue"]])) == ["NAME", "loss\\nvalue"]
