"""Entries as the answers of `google.logging.v2`: as messages, and in JSON, which is what they are made of."""

from __future__ import annotations

from calendar import timegm
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

from submit.emulator.logs.entries import JsonEntry
from submit.emulator.logs.fields import time_text
from submit.emulator.rpc.answer import JsonText
from submit.emulator.rpc.messages import enum_numbers, message_class, pool
from submit.emulator.rpc.quick_json import dumps

_OWN = ("insertId", "timestamp", "receiveTimestamp", "severity", "logName")
_QUICK = frozenset((*_OWN, "resource", "labels", "textPayload", "jsonPayload"))
"""What nearly all entries consist of. The general way from JSON takes several times as long."""

_Frames: TypeAlias = dict[tuple[int, int, str, str | int], bytes]

_DEPTH = 95
"""Of messages within messages; protobuf's parsers refuse more than 100."""


class EntryList(NamedTuple):
    """A ListLogEntriesResponse."""

    entries: list[JsonEntry]
    next_token: str

    def to_json(self) -> dict[str, Any]:
        answer: dict[str, Any] = {"entries": self.entries} if self.entries else {}
        return answer | ({"nextPageToken": self.next_token} if self.next_token else {})

    def to_text(self) -> JsonText:
        return JsonText(dumps(self.to_json()))

    def to_message(self) -> Any:
        answer = message_class("google.logging.v2.ListLogEntriesResponse")(next_page_token=self.next_token)
        _fill(answer, self.entries)
        return answer


def tailed(entries: Sequence[JsonEntry], suppressed: Mapping[str, int]) -> Any:
    """A TailLogEntriesResponse; `suppressed` is how many entries were left out, by the reason."""
    answer = message_class("google.logging.v2.TailLogEntriesResponse")()
    _fill(answer, entries)
    reasons = enum_numbers("google.logging.v2.TailLogEntriesResponse.SuppressionInfo.Reason")
    for reason, count in suppressed.items():
        answer.suppression_info.add(reason=reasons[reason], suppressed_count=count)
    return answer


def _fill(answer: Any, entries: Sequence[JsonEntry]) -> None:
    """An entry whose fields no message can hold (too deep, too large numbers) is shown without them: one line of a
    trainer must not hide its whole log."""
    from google.protobuf.json_format import ParseError

    frames: _Frames = {}
    for entry in entries:
        try:
            _put(entry, answer.entries.add(), frames)
        except (ParseError, ValueError, OverflowError, RecursionError):
            del answer.entries[-1]
            payload = {"message": entry["jsonPayload"].get("message", "")}
            _put({**entry, "jsonPayload": payload}, answer.entries.add(), frames)


def _put(entry: JsonEntry, into: Any, frames: _Frames) -> None:
    """`frames` keeps what was made of what most of these entries have in common."""
    if not _QUICK.issuperset(entry):
        from google.protobuf.json_format import ParseDict

        ParseDict(entry, into, descriptor_pool=pool())
        return
    # Resource and labels of a replica's entries are the same objects.
    frame = (id(entry["resource"]), id(entry.get("labels")), entry["logName"], entry.get("severity", "DEFAULT"))
    into.MergeFromString(frames.get(frame) or frames.setdefault(frame, _packed(entry)))
    into.insert_id = entry["insertId"]
    _put_time(entry["timestamp"], into.timestamp)
    if entry["receiveTimestamp"] == entry["timestamp"]:
        into.receive_timestamp.CopyFrom(into.timestamp)
    else:
        _put_time(entry["receiveTimestamp"], into.receive_timestamp)
    if "textPayload" in entry:
        into.text_payload = entry["textPayload"]
    elif "jsonPayload" in entry:
        _put_fields(entry["jsonPayload"], into.json_payload)


def _packed(entry: JsonEntry) -> bytes:
    """Resource, labels, log and severity of an entry, and nothing else."""
    resource, severity = entry["resource"], entry.get("severity", "DEFAULT")  # a number if it has no name
    frame = message_class("google.logging.v2.LogEntry")(
        labels=entry.get("labels", {}),
        log_name=entry["logName"],
        severity=enum_numbers("google.logging.type.LogSeverity").get(severity, severity),
    )
    frame.resource.type = resource["type"]
    frame.resource.labels.update(resource.get("labels", {}))
    packed: bytes = frame.SerializeToString()
    return packed


def _put_time(time: str, into: Any) -> None:
    digits = time_text(time)
    into.seconds, into.nanos = _seconds(digits[:19]), int(digits[20:29])


@lru_cache(maxsize=1024)
def _seconds(text: str) -> int:
    return timegm(datetime.fromisoformat(text).timetuple())


def _put_fields(fields: Mapping[str, Any], into: Any, depth: int = 3) -> None:
    into.SetInParent()
    values = into.fields
    for name, value in fields.items():
        if type(value) is str:
            values[name].string_value = value
        else:
            _put_value(value, values[name], depth + 2)


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
