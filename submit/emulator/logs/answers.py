"""Entries as the answers of `google.logging.v2`: as messages, and in JSON, which is what they are made of."""

from __future__ import annotations

from calendar import timegm
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

from submit.emulator.logs.entries import JsonEntry
from submit.emulator.logs.fields import time_text
from submit.emulator.rpc.messages import enum_numbers, message_class, pool

Labels: TypeAlias = tuple[tuple[str, str], ...]

_TIMES = {"timestamp": "timestamp", "receiveTimestamp": "receive_timestamp"}
_QUICK = frozenset((*_TIMES, "insertId", "logName", "resource", "severity", "labels", "textPayload", "jsonPayload"))
"""What nearly all entries consist of. The general way from JSON takes several times as long."""

_DEPTH = 95
"""Of messages within messages; protobuf's parsers refuse more than 100."""


class EntryList(NamedTuple):
    """A ListLogEntriesResponse."""

    entries: list[JsonEntry]
    next_token: str

    def to_json(self) -> dict[str, Any]:
        answer: dict[str, Any] = {"entries": self.entries} if self.entries else {}
        return answer | ({"nextPageToken": self.next_token} if self.next_token else {})

    def to_message(self) -> Any:
        answer = message_class("google.logging.v2.ListLogEntriesResponse")(next_page_token=self.next_token)
        _fill(answer, self.entries)
        return answer


def tailed(entries: Iterable[JsonEntry], suppressed: Mapping[str, int]) -> Any:
    """A TailLogEntriesResponse; `suppressed` is how many entries were left out, by the reason."""
    answer = message_class("google.logging.v2.TailLogEntriesResponse")()
    _fill(answer, entries)
    reasons = enum_numbers("google.logging.v2.TailLogEntriesResponse.SuppressionInfo.Reason")
    for reason, count in suppressed.items():
        answer.suppression_info.add(reason=reasons[reason], suppressed_count=count)
    return answer


def _fill(answer: Any, entries: Iterable[JsonEntry]) -> None:
    """An entry whose fields no message can hold (too deep, too large numbers) is shown without them: one line of a
    trainer must not hide its whole log."""
    from google.protobuf.json_format import ParseError

    for entry in entries:
        try:
            _put(entry, answer.entries.add())
        except (ParseError, ValueError, OverflowError, RecursionError):
            del answer.entries[-1]
            payload = {"message": entry["jsonPayload"].get("message", "")}
            _put({**entry, "jsonPayload": payload}, answer.entries.add())


def _put(entry: JsonEntry, into: Any) -> None:
    if not _QUICK.issuperset(entry):
        from google.protobuf.json_format import ParseDict

        ParseDict(entry, into, descriptor_pool=pool())
        return
    resource, labels = entry["resource"], entry.get("labels", {})
    common = _common(
        entry["logName"], resource["type"], tuple(resource.get("labels", {}).items()), tuple(labels.items())
    )
    into.MergeFromString(common)
    into.insert_id = entry["insertId"]
    severity = entry.get("severity", "DEFAULT")  # a number if it has no name
    into.severity = enum_numbers("google.logging.type.LogSeverity").get(severity, severity)
    for name, field in _TIMES.items():
        text, moment = time_text(entry[name]), getattr(into, field)
        moment.seconds, moment.nanos = _seconds(text[:19]), int(text[20:29])
    if "textPayload" in entry:
        into.text_payload = entry["textPayload"]
    elif "jsonPayload" in entry:
        _put_fields(entry["jsonPayload"], into.json_payload)


@lru_cache(maxsize=1024)
def _common(log_name: str, resource: str, resource_labels: Labels, labels: Labels) -> bytes:
    """What the entries of a replica have in common, as a message's bytes."""
    entry = message_class("google.logging.v2.LogEntry")(log_name=log_name, labels=dict(labels))
    entry.resource.type = resource
    entry.resource.labels.update(resource_labels)
    packed: bytes = entry.SerializeToString()
    return packed


@lru_cache(maxsize=1024)
def _seconds(text: str) -> int:
    return timegm(datetime.fromisoformat(text).timetuple())


def _put_fields(fields: Mapping[str, Any], into: Any, depth: int = 3) -> None:
    into.SetInParent()
    for name, value in fields.items():
        if type(value) is str:
            into.fields[name].string_value = value
        else:
            _put_value(value, into.fields[name], depth + 2)


def _put_value(value: Any, into: Any, depth: int) -> None:
    if depth > _DEPTH:
        raise ValueError("too deep for a message that somebody is to read")
    match value:
        case None:
            into.null_value = 0
        case bool():
            into.bool_value = value
        case str():
            into.string_value = value
        case int() | float():
            into.number_value = value
        case dict():
            _put_fields(value, into.struct_value, depth + 1)
        case _:
            into.list_value.SetInParent()
            for item in value:
                _put_value(item, into.list_value.values.add(), depth + 2)
