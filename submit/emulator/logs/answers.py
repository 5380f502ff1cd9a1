"""Entries as the answers of `google.logging.v2`: as messages, and in JSON, which is what they are made of."""

from __future__ import annotations

import json
from calendar import timegm
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from submit.emulator.logs.entries import JsonEntry
from submit.emulator.logs.fields import time_text
from submit.emulator.rpc.answer import JsonText
from submit.emulator.rpc.http import text
from submit.emulator.rpc.messages import enum_numbers, message_class, pool

_OWN = ("insertId", "timestamp", "receiveTimestamp", "severity", "logName")
_QUICK = frozenset((*_OWN, "resource", "labels", "textPayload", "jsonPayload"))
"""What nearly all entries consist of. The general way from JSON takes several times as long."""

_PLAIN = frozenset((*_OWN, "resource", "labels", "jsonPayload"))
"""What a trainer's lines consist of."""
_quoted = json.encoder.encode_basestring  # what `json.dumps` makes of a text, without its way there

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
        """In a fraction of the time that a JSON encoder takes, for that is most of what a page costs."""
        token = f'"nextPageToken":{_quoted(self.next_token)}' if self.next_token else ""
        entries = f'"entries":[{",".join(_texts(self.entries))}]' if self.entries else ""
        return JsonText(f"{{{','.join(filter(None, (entries, token)))}}}")

    def to_message(self) -> Any:
        answer = message_class("google.logging.v2.ListLogEntriesResponse")(next_page_token=self.next_token)
        _fill(answer, self.entries)
        return answer


def _texts(entries: Sequence[JsonEntry]) -> Iterator[str]:
    """Resource and labels of a replica's entries are the same objects, and become text once."""
    common: dict[tuple[int, int], str] = {}
    for entry in entries:
        if entry.keys() != _PLAIN or not isinstance(entry["severity"], str):
            yield text(entry)
            continue
        frame = (id(entry["resource"]), id(entry["labels"]))
        if frame not in common:
            common[frame] = f'"resource":{text(entry["resource"])},"labels":{text(entry["labels"])}'
        own = ",".join([f'"{name}":{_quoted(entry[name])}' for name in _OWN])
        yield f'{{{own},{common[frame]},"jsonPayload":{_payload_text(entry["jsonPayload"])}}}'


def _payload_text(payload: Mapping[str, Any]) -> str:
    match payload:
        case {"message": str() as message, "levelname": str() as level} if len(payload) == 2:
            return f'{{"message":{_quoted(message)},"levelname":{_quoted(level)}}}'
    return text(payload)


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

    common: dict[tuple[int, int], bytes] = {}
    for entry in entries:
        try:
            _put(entry, answer.entries.add(), common)
        except (ParseError, ValueError, OverflowError, RecursionError):
            del answer.entries[-1]
            payload = {"message": entry["jsonPayload"].get("message", "")}
            _put({**entry, "jsonPayload": payload}, answer.entries.add(), common)


def _put(entry: JsonEntry, into: Any, common: dict[tuple[int, int], bytes]) -> None:
    """`common` keeps what was made of the resources and labels of these entries, by which objects they are."""
    if not _QUICK.issuperset(entry):
        from google.protobuf.json_format import ParseDict

        ParseDict(entry, into, descriptor_pool=pool())
        return
    frame = (id(entry["resource"]), id(entry.get("labels")))
    if frame not in common:
        common[frame] = _packed(entry["resource"], entry.get("labels", {}))
    into.MergeFromString(common[frame])
    into.log_name, into.insert_id = entry["logName"], entry["insertId"]
    severity = entry.get("severity", "DEFAULT")  # a number if it has no name
    into.severity = enum_numbers("google.logging.type.LogSeverity").get(severity, severity)
    _put_time(entry["timestamp"], into.timestamp)
    _put_time(entry["receiveTimestamp"], into.receive_timestamp)
    if "textPayload" in entry:
        into.text_payload = entry["textPayload"]
    elif "jsonPayload" in entry:
        _put_fields(entry["jsonPayload"], into.json_payload)


def _packed(resource: Mapping[str, Any], labels: Mapping[str, str]) -> bytes:
    """Of an entry that has nothing else."""
    entry = message_class("google.logging.v2.LogEntry")(labels=labels)
    entry.resource.type = resource["type"]
    entry.resource.labels.update(resource.get("labels", {}))
    packed: bytes = entry.SerializeToString()
    return packed


def _put_time(time: str, into: Any) -> None:
    digits = time_text(time)
    into.seconds, into.nanos = _seconds(digits[:19]), int(digits[20:29])


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
