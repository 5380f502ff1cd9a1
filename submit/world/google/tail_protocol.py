"""The messages of `TailLogEntries`: those of their fields of which a log is made.

Google's library has all of them, and takes longer to be imported than all else that a command which follows a log does
before it shows a line. Numbers and types are the protocol, which does not change:
https://github.com/googleapis/googleapis/tree/master/google/logging/v2
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

_PACKAGE = "jobdir.logging"

_MESSAGES: Mapping[str, Mapping[str, tuple[int, str]]] = {
    "TailLogEntriesRequest": {"resource_names": (1, "string*"), "filter": (2, "string"), "buffer_window": (3, "Time")},
    "TailLogEntriesResponse": {"entries": (1, "LogEntry*"), "suppression_info": (2, "SuppressionInfo*")},
    "SuppressionInfo": {"suppressed_count": (2, "int32")},
    "LogEntry": {
        "proto_payload": (2, "Any?"),
        "text_payload": (3, "string?"),
        "insert_id": (4, "string"),
        "json_payload": (6, "Struct?"),
        "resource": (8, "bytes"),  # which is a MonitoredResource, and stays packed: most entries have the same
        "timestamp": (9, "Time"),
        "severity": (10, "int32"),
        "labels": (11, "bytes*"),  # each a Label, as the pairs of any map
        "log_name": (12, "string"),
        "receive_timestamp": (24, "Time"),
    },
    "MonitoredResource": {"type": (1, "string"), "labels": (2, "Label*")},
    "Label": {"key": (1, "string"), "value": (2, "string")},
    "Any": {"type_url": (1, "string")},
    "Time": {"seconds": (1, "int64"), "nanos": (2, "int32")},  # a Timestamp or a Duration
    "Struct": {"fields": (1, "Field*")},
    "Field": {"key": (1, "string"), "value": (2, "Value")},
    "Value": {
        "null_value": (1, "int32?"),
        "number_value": (2, "double?"),
        "string_value": (3, "string?"),
        "bool_value": (4, "bool?"),
        "struct_value": (5, "Struct?"),
        "list_value": (6, "ListValue?"),
    },
    "ListValue": {"values": (1, "Value*")},
}
"""The number and type of each field; `*`: there may be several, `?`: there is one of these in a message."""


class TailProtocol(NamedTuple):
    """Message types."""

    request: Any
    response: Any
    entry: Any
    resource: Any
    label: Any


@cache
def protocol() -> TailProtocol:
    from google.protobuf.descriptor_pb2 import FileDescriptorProto
    from google.protobuf.descriptor_pool import DescriptorPool
    from google.protobuf.message_factory import GetMessageClass

    file = FileDescriptorProto(name="jobdir_logging.proto", package=_PACKAGE, syntax="proto3")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, (number, kind) in fields.items():
            _add(message, field, number, kind)
    pool = DescriptorPool()
    pool.Add(file)
    names = ("TailLogEntriesRequest", "TailLogEntriesResponse", "LogEntry", "MonitoredResource", "Label")
    return TailProtocol(*(GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.{name}")) for name in names))


def _add(message: Any, name: str, number: int, kind: str) -> None:
    field = message.field.add(name=name, number=number)
    field.label = field.LABEL_REPEATED if kind.endswith("*") else field.LABEL_OPTIONAL
    base = kind.rstrip("*?")
    if base in _MESSAGES:
        field.type, field.type_name = field.TYPE_MESSAGE, f".{_PACKAGE}.{base}"
    else:
        field.type = getattr(field, f"TYPE_{base.upper()}")
    if kind.endswith("?"):
        if not message.oneof_decl:
            message.oneof_decl.add(name="payload")
        field.oneof_index = 0
