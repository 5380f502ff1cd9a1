"""Log entries as lines."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from submit.cli.log_text import Text, json_lines
from submit.cli.render import log_record
from submit.job import LogEntry
from tests.logs.entries import at

TIME = r"\d\d:\d\d:01\.000"


def plain(*entries: LogEntry, **more: Any) -> list[str]:
    return Text(colours=False, **more)(entries)


def test_a_line_has_local_time_severity_replica_and_message() -> None:
    (line,) = plain(at(1, "hello"))
    assert re.fullmatch(rf"{TIME} INFO     workerpool0-0  hello", line)


def test_full_times_have_day_and_zone() -> None:
    (line,) = plain(at(1, "hello"), full_times=True)
    assert re.fullmatch(r"2026-11-2\d \d\d:\d\d:01\.000[+-]\d{4} INFO     workerpool0-0  hello", line)


def test_trials_and_jobs_stand_with_the_replica() -> None:
    jobs = ["local://first", "vertex://projects/p/customJobs/7"]
    first, second = plain(at(1)._replace(trial="3", job=jobs[0]), at(1)._replace(job=jobs[1]), jobs=jobs)
    assert " first workerpool0-0/3  " in first
    assert " 7 workerpool0-0  " in second


def test_jobs_of_the_same_name_are_told_apart() -> None:
    jobs = ["local://a/7", "local://b/7"]
    (line,) = plain(at(1)._replace(job=jobs[0]), jobs=jobs)
    assert " local://a/7 workerpool0-0  " in line


def test_a_traceback_is_kept_whole() -> None:
    text = 'Traceback (most recent call last):\n  File "a.py", line 1\nValueError: no'
    (line,) = plain(at(1, text))
    assert line.endswith(text)


def test_structured_lines_show_their_fields() -> None:
    (line,) = plain(at(1, '{"loss": 0.5, "step": 10}')._replace(fields={"loss": 0.5, "step": 10}))
    assert line.endswith("  loss=0.5 step=10")


def test_only_what_is_older_than_its_own_replica_says_that_it_is_late() -> None:
    """Machines whose clocks differ are no news."""
    text = Text(colours=False)
    text([at(9, "new")])
    other, late = text([at(5, "other", replica="workerpool1-0")._replace(late=True), at(4, "old")._replace(late=True)])
    assert other.endswith("  other")
    assert late.endswith("  [late] old")


def test_colours_are_for_severities_and_replicas_and_not_for_messages() -> None:
    entries = [at(1, replica=f"workerpool1-{n}") for n in (0, 1, 0)]
    first, second, third = Text(colours=True)([*entries[:2], entries[2]._replace(severity="WARNING")])
    colour = re.compile(r"\x1b\[(\d+)m\S*workerpool")
    assert [colour.search(line)[1] for line in (first, second, third)] == ["36", "32", "36"]  # type: ignore[index]
    assert "\x1b[33mWARNING" in third
    assert "\x1b" not in plain(entries[0])[0]


@pytest.mark.parametrize(
    "entry",
    [
        at(1, 'a "quoted" \\ text\n\x00☃\ud800'),
        at(1)._replace(trial="3", stream="stdout"),
        at(1)._replace(fields={"loss": 0.5, "nested": {"a": [1, None]}}),
        at(1)._replace(late=True, job="local://a"),
    ],
)
def test_a_line_of_json_has_everything(entry: LogEntry) -> None:
    (line,) = json_lines([entry])
    assert "\n" not in line
    assert json.loads(line) == log_record(entry)
    assert list(json.loads(line)) == list(log_record(entry))
