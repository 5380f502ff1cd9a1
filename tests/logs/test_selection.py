"""Which entries are shown, and how loud."""

from __future__ import annotations

import re

import pytest

from submit.job import Json, LogEntry
from submit.logs.fields import with_fields
from submit.logs.select import Selection
from submit.logs.severity import shown
from tests.logs.entries import at

ENTRIES = [
    at(1, "one", replica="workerpool0-0"),
    at(2, "two", replica="workerpool1-0")._replace(severity="WARNING"),
    at(3, "three", replica="workerpool1-1")._replace(severity="ERROR", fields={"loss": 0.5}),
    at(4, "four", replica="service")._replace(severity="unheard-of"),
]


@pytest.mark.parametrize(
    ("selection", "names"),
    [
        (Selection(), ["one", "two", "three", "four"]),
        (Selection(replica="workerpool1-0"), ["two"]),
        (Selection(replica="workerpool1"), ["two", "three"]),
        (Selection(replica="service"), ["four"]),
        (Selection(severity="WARNING"), ["two", "three"]),
        (Selection(severity="DEFAULT"), ["one", "two", "three", "four"]),
        (Selection(since=at(3).timestamp), ["three", "four"]),
        (Selection(pattern=re.compile("^t")), ["two", "three"]),
        (Selection(pattern=re.compile(r"loss=0\.5")), ["three"]),
        (Selection(pattern=re.compile("e"), replica="workerpool0"), ["one"]),
    ],
)
def test_everything_that_is_asked_for_must_hold(selection: Selection, names: list[str]) -> None:
    assert [entry.message for entry in selection.of(ENTRIES)] == names


@pytest.mark.parametrize(
    ("message", "fields", "text"),
    [
        ("step done", {"loss": 0.5, "step": 10}, "step done  loss=0.5 step=10"),
        ("step", {"message": "step", "severity": "INFO", "time": "2026"}, "step"),
        ('{"loss": 0.5}', {"loss": 0.5}, "loss=0.5"),
        ("", {"loss": 0.5}, "loss=0.5"),
        ("{}", {"severity": "INFO"}, "{}"),
        ("a", {"b": "two words", "c": "", "d": None, "e": [1], "f": True}, 'a  b="two words" c="" d=null e=[1] f=true'),
    ],
)
def test_fields_are_shown_beside_the_message(message: str, fields: dict[str, Json], text: str) -> None:
    assert with_fields(message, fields) == text


def stderr(message: str) -> LogEntry:
    return at(1, message)._replace(severity="ERROR", stream="stderr")


@pytest.mark.parametrize(
    ("entry", "severity"),
    [
        (stderr("Epoch 1/10"), "stderr"),
        (stderr(" 50%|#####     | 5/10 [00:01<00:01]"), "stderr"),
        (stderr("INFO:root:started"), "INFO"),
        (stderr("WARNING:tensorflow:deprecated"), "WARNING"),
        (stderr("I1120 01:02:03.4 1 cpu.cc:1] started"), "INFO"),
        (stderr("[WARN] slow"), "WARNING"),
        (stderr("RuntimeError: CUDA out of memory"), "ERROR"),
        (stderr("Traceback (most recent call last):\n  File"), "ERROR"),
        (stderr("E1120 01:02:03.4 1 x.cc:1] no"), "ERROR"),
        (stderr("INFORMATION lost: error"), "ERROR"),
        (stderr("Command 'x' returned non-zero exit status 1."), "ERROR"),
        (at(1, "disk is full")._replace(severity="ERROR", fields={"severity": "ERROR"}), "ERROR"),
        (at(1, "job ended", replica="service")._replace(severity="ERROR"), "ERROR"),
        (at(1, "error")._replace(severity="INFO"), "INFO"),
    ],
)
def test_what_a_healthy_trainer_writes_to_stderr_is_no_error(entry: LogEntry, severity: str) -> None:
    assert shown(entry) == severity
