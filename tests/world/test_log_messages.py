"""Messages of Cloud Logging as JSON: what Google's own converter makes of them, only quicker."""

from __future__ import annotations

from typing import Any

import pytest
from google.cloud.logging_v2.types import LogEntry, TailLogEntriesRequest, TailLogEntriesResponse
from google.protobuf.json_format import MessageToDict, ParseDict
from hypothesis import given, settings
from hypothesis import strategies as st

from submit.job import JsonObject
from submit.logs import times
from submit.world.google.log_messages import entry_json
from submit.world.google.tail_protocol import protocol

scalars = st.none() | st.booleans() | st.text() | st.floats(allow_nan=False, allow_infinity=False) | st.integers(-9, 9)
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=6)


def message(**fields: Any) -> Any:
    frame = {
        "logName": "projects/p/logs/workerpool0-0",
        "insertId": "i",
        "timestamp": "2026-11-21T12:00:01.000000007Z",
        "receiveTimestamp": "2026-11-21T12:00:02Z",
        "severity": "WARNING",
        "resource": {"type": "ml_job", "labels": {"job_id": "7", "task_name": "workerpool0-0"}},
        "labels": {"ml.googleapis.com/trial_id": "3"},
    }
    return ParseDict({**frame, **fields}, LogEntry.pb()())


def read(message: Any) -> JsonObject:
    """As it comes from the service."""
    return entry_json(protocol().entry.FromString(message.SerializeToString()))


def expected(entry: Any) -> Any:
    """Google writes as few digits of a second as there are."""
    found = MessageToDict(entry)
    return found | {name: times.normal(found[name]) for name in ("timestamp", "receiveTimestamp")}


@settings(deadline=None)
@given(st.dictionaries(st.text(), values))
def test_any_payload_is_the_same(payload: dict[str, Any]) -> None:
    entry = message(jsonPayload=payload)
    assert read(entry) == expected(entry)


@pytest.mark.parametrize("severity", ["DEBUG", "INFO", "NOTICE", "ERROR", "CRITICAL", "ALERT", "EMERGENCY"])
def test_severities_have_their_names(severity: str) -> None:
    entry = message(severity=severity, textPayload="words")
    assert read(entry) == expected(entry)


def test_what_is_not_said_has_its_default() -> None:
    entry = read(LogEntry.pb()())
    assert (entry["severity"], entry["insertId"], entry["timestamp"]) == ("DEFAULT", "", times.EPOCH)
    assert "jsonPayload" not in entry


def test_whole_numbers_are_whole() -> None:
    payload = read(message(jsonPayload={"step": 10, "loss": 0.5}))["jsonPayload"]
    assert str(payload) == "{'step': 10, 'loss': 0.5}" or str(payload) == "{'loss': 0.5, 'step': 10}"


def test_the_tail_is_asked_and_answers_as_the_service_has_it() -> None:
    asked = protocol().request(resource_names=["projects/p"], filter="severity=INFO")
    asked.buffer_window.SetInParent()
    heard = TailLogEntriesRequest.pb().FromString(asked.SerializeToString())
    assert MessageToDict(heard) == {"resourceNames": ["projects/p"], "filter": "severity=INFO", "bufferWindow": "0s"}

    info = {"reason": "RATE_LIMIT", "suppressedCount": 7}
    answer = ParseDict({"entries": [{}, {}], "suppressionInfo": [info]}, TailLogEntriesResponse.pb()())
    read = protocol().response.FromString(answer.SerializeToString())
    assert (len(read.entries), [each.suppressed_count for each in read.suppression_info]) == (2, [7])


def test_other_payloads_are_told_by_their_type() -> None:
    any_of_them = {"@type": "type.googleapis.com/google.protobuf.Duration", "value": "3s"}
    assert read(message(protoPayload=any_of_them))["protoPayload"] == {"@type": any_of_them["@type"]}
