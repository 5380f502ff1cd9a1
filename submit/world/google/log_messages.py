"""`google.logging.v2`'s messages as the JSON that the REST API would give.

By hand for what log entries are made of: the general way takes ten times as long, and there are many.
"""

from __future__ import annotations

import time
from functools import lru_cache
from typing import Any, cast

from submit.status import Json, JsonObject
from submit.world.google.tail_protocol import protocol

_SEVERITIES = {
    0: "DEFAULT",
    100: "DEBUG",
    200: "INFO",
    300: "NOTICE",
    400: "WARNING",
    500: "ERROR",
    600: "CRITICAL",
    700: "ALERT",
    800: "EMERGENCY",
}
"""https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry#LogSeverity"""

_WHOLE = float(1 << 53)


def entry_json(entry: Any) -> JsonObject:
    """Of a `LogEntry` of the tail's protocol."""
    found: JsonObject = {
        "insertId": entry.insert_id,
        "logName": entry.log_name,
        "timestamp": _timestamp(entry.timestamp),
        "receiveTimestamp": _timestamp(entry.receive_timestamp),
        "severity": _SEVERITIES.get(entry.severity, "DEFAULT"),
        "resource": _resource(entry.resource),
        "labels": _labels(tuple(entry.labels)),
    }
    match entry.WhichOneof("payload"):
        case "json_payload":
            found["jsonPayload"] = _struct(entry.json_payload)
        case "text_payload":
            found["textPayload"] = entry.text_payload
        case "proto_payload":
            found["protoPayload"] = {"@type": entry.proto_payload.type_url}
    return found


@lru_cache(maxsize=256)
def _resource(packed: bytes) -> JsonObject:
    """The same object for all entries of a replica; nobody may change it."""
    resource = protocol().resource.FromString(packed)
    return {"type": resource.type, "labels": {label.key: label.value for label in resource.labels}}


@lru_cache(maxsize=256)
def _labels(packed: tuple[bytes, ...]) -> JsonObject:
    """As above."""
    labels = [protocol().label.FromString(label) for label in packed]
    return {label.key: label.value for label in labels}


def _struct(struct: Any) -> JsonObject:
    return {field.key: _value(field.value) for field in struct.fields}


def _value(value: Any) -> Json:
    match value.WhichOneof("payload"):
        case "string_value":
            return cast(str, value.string_value)
        case "number_value":
            return _number(value.number_value)
        case "bool_value":
            return bool(value.bool_value)
        case "struct_value":
            return _struct(value.struct_value)
        case "list_value":
            return [_value(item) for item in value.list_value.values]
    return None


def _number(value: float) -> int | float:
    """`42`, as JSON has it, although the message knows only floating point."""
    return int(value) if value.is_integer() and abs(value) < _WHOLE else value


def _timestamp(moment: Any) -> str:
    return f"{_seconds(moment.seconds)}.{moment.nanos:09}Z"


@lru_cache(maxsize=64)
def _seconds(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
