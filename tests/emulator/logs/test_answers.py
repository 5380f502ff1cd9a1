"""Entries in both of their forms."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.json_format import ParseDict
from hypothesis import given
from hypothesis import strategies as st

from submit.emulator.logs.answers import EntryList
from submit.emulator.logs.around import Origin
from submit.emulator.logs.entries import entries, for_gcloud
from submit.emulator.logs.job_log import START, JobLog
from submit.emulator.rpc.messages import message_class, pool
from submit.emulator.rpc.transcoding import to_json
from submit.engine.journal import ServiceLog, Writer

ORIGIN = Origin("demo", "42", is_ml_engine=False, folder=Path("nowhere"))
TIME = "2026-11-20T01:02:03.123456789Z"

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=9)
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)


def line(message: str, **fields: Any) -> dict[str, Any]:
    more = {"fields": fields} if fields else {}
    return {
        "time": TIME,
        "severity": "INFO",
        "replica": "workerpool0-0",
        "message": message,
        "id": "workerpool0-0.0.1",
        "stream": "stdout",
        **more,
    }


def entry(message: str, **fields: Any) -> dict[str, Any]:
    (made,) = entries(line(message, **fields), TIME, 0, ORIGIN)
    return made


@given(st.text(st.characters(exclude_categories=["Cs"])), st.dictionaries(st.text(max_size=9), values, max_size=4))
def test_an_entry_is_the_same_as_a_message_and_in_json(message: str, fields: dict[str, Any]) -> None:
    answer = EntryList([entry(message, **{f"x{name}": value for name, value in fields.items()})], "token")
    by_way_of_json = message_class("google.logging.v2.ListLogEntriesResponse")()
    ParseDict(answer.to_json(), by_way_of_json, descriptor_pool=pool())
    assert answer.to_message() == by_way_of_json
    assert json.loads(answer.to_text().data) == answer.to_json()


def test_an_entry_with_rare_fields_is_the_same_as_well() -> None:
    source = {"file": "a.py", "line": 7, "function": "f"}
    made = entry("m", **{"logging.googleapis.com/sourceLocation": source, "logging.googleapis.com/trace": "t"})
    answer = EntryList([made], "")
    assert to_json(answer.to_message()) == answer.to_json() == json.loads(answer.to_text().data)
    assert (made["sourceLocation"], made["trace"]) == ({"file": "a.py", "line": "7", "function": "f"}, "t")
    assert made["jsonPayload"] == {"message": "m", "levelname": "INFO"}


def test_labels_of_a_json_line_are_the_entrys_own() -> None:
    made = entry("m", **{"logging.googleapis.com/labels": {"phase": "eval", "epoch": 3}, "loss": 0.5})
    assert made["labels"] == {"ml.googleapis.com/job_id/log_area": "root", "phase": "eval", "epoch": "3"}
    assert made["jsonPayload"] == {"loss": 0.5, "message": "m", "levelname": "INFO"}
    assert entry("next")["labels"] == {"ml.googleapis.com/job_id/log_area": "root"}


@pytest.mark.parametrize(
    "field",
    [
        {"logging.googleapis.com/sourceLocation": {"line": "seven"}},
        {"logging.googleapis.com/sourceLocation": {"column": 1}},
        {"logging.googleapis.com/operation": {"first": "yes"}},
        {"logging.googleapis.com/trace": 7},
        {"logging.googleapis.com/labels": ["a"]},
        {"logging.googleapis.com/unknown": "x"},
    ],
)
def test_special_fields_of_another_shape_remain_where_they_are(field: dict[str, Any]) -> None:
    assert entry("m", **field)["jsonPayload"] == {**field, "message": "m", "levelname": "INFO"}


def test_a_payload_that_no_message_can_hold_does_not_hide_the_log() -> None:
    deep: Any = 0
    for _ in range(500):
        deep = [deep]
    found = to_json(EntryList([entry("first", deep=deep), entry("second", huge=10**400)], "").to_message())
    assert [each["jsonPayload"]["message"] for each in found["entries"]] == ["first", "second"]


@pytest.mark.parametrize(
    ("fields", "message"),
    [({"loss": 0.5}, '{"loss": 0.5}'), ({"message": 42}, "42"), ({"message": {"a": 1}}, '{"a": 1}'), ({}, "")],
)
def test_gcloud_is_given_a_text_to_show(fields: dict[str, Any], message: str) -> None:
    shown = for_gcloud({"jsonPayload": {**fields, "levelname": "INFO"}})["jsonPayload"]
    assert shown["message"] == message
    assert {name: shown[name] for name in fields if name != "message"} == {
        name: value for name, value in fields.items() if name != "message"
    }


def test_a_log_that_is_read_as_it_grows_is_the_same_as_one_that_is_read_at_once(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    growing, places = JobLog(path, ORIGIN), [START]
    followed = []
    with path.open("w") as file:
        for number in range(2000):
            time = f"2026-11-20T01:02:03.{number ^ 3:09}Z"  # some are older than the one before
            file.write(json.dumps({**line(f"{number} " + "x" * (number % 97)), "time": time}) + "\n")
            file.flush()
            if number % 7 == 0:
                growing.end()
                new, place = growing.behind(places[-1])
                followed += new
                places.append(place)
    whole = list(JobLog(path, ORIGIN).between("", "~").entries)
    assert [*followed, *growing.behind(places[-1])[0]] == whole
    assert list(growing.between("", "~").entries) == whole
    assert list(growing.between("", "~", newest_first=True).entries) == whole[::-1]
    middle = whole[1000]["timestamp"]
    assert [each for each in growing.between(middle, "~").entries if each["timestamp"] >= middle] == whole[1000:]


def test_the_log_of_a_job_that_rests_is_looked_at_once_in_each_state(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    log = JobLog(path, ORIGIN)

    def say(words: str) -> None:
        with closing(ServiceLog(path, Writer.SUPERVISOR)) as writer:
            writer.say(words)

    def shown(state: str) -> int:
        log.rest(state)
        return len(list(log.between("", "~").entries))

    say("waits")
    assert shown("QUEUED") == 1
    say("runs")
    assert [shown("QUEUED"), shown(""), shown("SUCCEEDED")] == [1, 2, 2]
    say("nobody writes this any more")
    assert [shown("SUCCEEDED"), shown("")] == [2, 3]


@pytest.mark.parametrize("torn", ['{"time": "2026-11-20T01:02:03.0', "[1", "{}", '{"time": 7}', "", '"text"'])
def test_what_a_killed_writer_has_torn_is_left_out_and_spoils_no_other_line(tmp_path: Path, torn: str) -> None:
    path = tmp_path / "log.jsonl"
    whole = [json.dumps(line(name)) for name in ("first", "second")]
    path.write_text("\n".join([whole[0], torn, whole[1], "2]", ""]))
    found, _ = JobLog(path, ORIGIN).behind(START)
    assert [each["jsonPayload"]["message"] for each in found] == ["first", "second"]
    assert list(JobLog(path, ORIGIN).between("", "~").entries) == found


def test_what_json_has_no_word_for_is_the_same_in_all_forms(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    odd = {"loss": float("nan"), "rate": float("-inf"), "count": 1 << 70, "half": "\ud800"}
    path.write_text("".join(json.dumps(line(name, **odd)) + "\n" for name in ("first", "second")))
    found, _ = JobLog(path, ORIGIN).behind(START)
    answer = EntryList(found, "")
    payload = {"loss": "NaN", "rate": "-Infinity", "count": 1 << 70, "half": "?", "levelname": "INFO"}
    assert [each["jsonPayload"] for each in found] == [
        {**payload, "message": "first"},
        {**payload, "message": "second"},
    ]
    assert json.loads(answer.to_text().data) == answer.to_json() == to_json(answer.to_message())
