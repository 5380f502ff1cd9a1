from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submit.emulator.logs.predicate import predicate
from submit.emulator.logs.syntax import And, Comparison, Not, Or, parse
from submit.emulator.logs.tokens import FilterError

ENTRY = {
    "logName": "projects/demo/logs/workerpool0-0",
    "resource": {"type": "ml_job", "labels": {"job_id": "42", "project_id": "demo", "task_name": "workerpool0-0"}},
    "timestamp": "2026-11-21T03:33:37.123456789Z",
    "insertId": "00000000001f",
    "severity": "WARNING",
    "labels": {"ml.googleapis.com/trial_id": "3", "plain": "yes"},
    "jsonPayload": {"message": "Loss is NaN", "a": {"b": 5, "c": True}, "tags": ["x", "y"]},
}

MATCHING = [
    "",
    'resource.type="ml_job" AND resource.labels.job_id="42"',
    "resource.type=ml_job resource.labels.job_id=42",
    '(resource.type="ml_job" OR resource.type="cloudml_job") AND timestamp>="1970-01-01T01:00:00.000000000Z"',
    '(timestamp="2026-11-21T03:33:37.123456789Z" AND insertId>"00000000000f") OR timestamp>"2026-11-21T03:33:38Z"',
    'labels."ml.googleapis.com/trial_id"="3"',
    "labels.ml.googleapis.com/trial_id=3",
    "labels.plain=YES",
    "severity>=WARNING severity<error severity!=INFO",
    "severity=(ERROR OR WARNING)",
    "NOT severity=ERROR",
    "-severity=ERROR",
    "-(severity=ERROR OR labels.plain=no)",
    "timestamp>=2026-11-21T05:33:37.1+02:00 AND timestamp<2026-11-22",
    'timestamp>="2026-11-21T03:33:37.123456+0000"',
    "json_payload.a.b>4.5 jsonPayload.a.b<10 jsonPayload.a.c=true",
    "jsonPayload.tags=y",
    "jsonPayload.a.b:*",
    'jsonPayload.message:"is nan"',
    'jsonPayload.message=~"^Loss.*N$"',
    'jsonPayload.message!~"[0-9]"',
    "loss",
    '"is NaN" -- a comment\n',
    'log_name="projects/demo/logs/workerpool0-0"',
    "severity=INFO OR severity=WARNING AND labels.plain=yes",
]

OTHERS = [
    "resource.labels.job_id=43",
    "severity>WARNING",
    "jsonPayload.missing=1",
    "jsonPayload.missing!=1",
    "jsonPayload.a.b>10",
    "textPayload:*",
    'jsonPayload.message=~"^loss"',
    "gain",
    "timestamp>2026-11-21T03:33:37.123456789Z",
    # OR binds stronger than AND
    "labels.plain=yes OR severity=WARNING AND labels.plain=no",
    "NOT (severity=WARNING)",
]


@pytest.mark.parametrize("text", MATCHING)
def test_the_filter_matches(text: str) -> None:
    assert predicate(parse(text))(ENTRY)


@pytest.mark.parametrize("text", OTHERS)
def test_the_filter_does_not_match(text: str) -> None:
    assert not predicate(parse(text))(ENTRY)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("severity>=", "syntax error at line 1, column 11, token '<EOF>'"),
        ('severity="ERROR', "syntax error at line 1, column 10, token '\"'"),
        ("severity=ERROR\n  AND )", "syntax error at line 2, column 7, token ')'"),
        ("(severity=ERROR", "syntax error at line 1, column 16, token '<EOF>'"),
        ("severity=(ERROR OR INFO AND DEBUG)", "syntax error at line 1, column 25, token 'AND'"),
        ('foo.bar="x"', "Field not found: 'foo.bar'."),
        ("severity=LOUD", "Invalid severity: 'LOUD'."),
        ("timestamp>=yesterday", "Invalid timestamp: 'yesterday'."),
        ("timestamp>=2026-13-01", "Invalid timestamp: '2026-13-01'."),
        ("textPayload=~'('", "Invalid regular expression '(': missing ): (."),
        ("(" * 1000, "the filter is nested too deeply"),
        ("x" * 20_001, "the filter has more than 20000 characters"),
    ],
)
def test_what_cannot_be_read_is_told_as_google_does(text: str, reason: str) -> None:
    with pytest.raises(FilterError) as caught:
        predicate(parse(text))
    assert str(caught.value) == f"Unparseable filter: {reason}"


def test_a_filter_is_a_tree() -> None:
    a, b, c = (Comparison(("severity",), "=", value) for value in ("INFO", "ERROR", "DEBUG"))
    assert parse("severity=INFO severity=ERROR OR NOT severity=DEBUG") == And((a, Or((b, Not(c)))))


SIGNS = [
    "AND",
    "OR",
    "NOT",
    "(",
    ")",
    "=",
    "!=",
    ">=",
    "<",
    ":",
    "=~",
    "-",
    '"',
    "'",
    "\\",
    ".",
    "--",
    "\n",
    "*",
    ",",
    "~",
]
NAMES = [
    "severity",
    "ERROR",
    "timestamp",
    "2026-11-21",
    "labels",
    '"a b"',
    "resource.labels.job_id",
    "x",
    "5",
    "é",
    "[",
]
WORDS = st.sampled_from(SIGNS + NAMES)


@given(st.lists(WORDS, max_size=12).map(" ".join) | st.lists(WORDS, max_size=12).map("".join) | st.text(max_size=40))
def test_any_text_is_a_filter_or_an_error(text: str) -> None:
    with contextlib.suppress(FilterError):
        assert predicate(parse(text))(ENTRY) in (True, False)


@given(st.text())
def test_a_quoted_value_is_that_value(value: str) -> None:
    quoted = '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    assert parse(f"textPayload={quoted}") == Comparison(("textPayload",), "=", value)


SIMPLE = st.sampled_from(MATCHING[1:] + OTHERS)


@given(SIMPLE, SIMPLE)
def test_operators_do_what_their_words_say(left: str, right: str) -> None:
    def holds(text: str) -> bool:
        return predicate(parse(text))(ENTRY)

    assert holds(f"({left}\n) AND ({right}\n)") is (holds(left) and holds(right))
    assert holds(f"({left}\n) OR ({right}\n)") is (holds(left) or holds(right))
    assert holds(f"NOT ({left}\n)") is not holds(left)
