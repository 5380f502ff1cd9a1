"""JSON bodies and query parameters into messages, and messages into JSON, as Google's front ends do it.

https://cloud.google.com/endpoints/docs/grpc/transcoding
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from submit.emulator.rpc.errors import RpcError, bad_request
from submit.emulator.rpc.http import read_json
from submit.emulator.rpc.messages import pool
from submit.emulator.rpc.times import widen_times

_SYSTEM_PARAMETERS = {"access_token", "alt", "callback", "fields", "key", "prettyPrint", "quotaUser", "upload_protocol"}
"""https://cloud.google.com/apis/docs/system-parameters; those with `$` before them are as well."""

_AS_TEXT = {f"google.protobuf.{name}" for name in ("FieldMask", "Timestamp", "Duration", "StringValue", "BytesValue")}


_NOT_CAUGHT = (TypeError, AttributeError, KeyError, OverflowError, RecursionError)
"""What protobuf's reader of JSON lets through for some values of other types."""


def to_json(message: Any, *, enums_as_numbers: bool = False) -> dict[str, Any]:
    """Times always have nine digits of a second. Raises `RpcError` for what only gRPC can say, as infinite numbers."""
    from google.protobuf.json_format import MessageToDict, SerializeToJsonError

    try:
        answer: dict[str, Any] = MessageToDict(message, use_integers_for_enums=enums_as_numbers, descriptor_pool=pool())
    except (SerializeToJsonError, TypeError) as error:
        raise bad_request(f"Request contains an invalid argument. {error}") from error
    widen_times(answer, message.DESCRIPTOR)
    return answer


def merge_json(message: Any, body: bytes, prefix: str = "") -> None:
    """Reads a JSON body into the message. `prefix` is the field of the request that the message is."""
    merge_dict(message, read_json(body), prefix)


def merge_dict(message: Any, data: Any, prefix: str = "") -> None:
    """The same for a body that has been read. Raises `RpcError` with all unknown names."""
    from google.protobuf.json_format import ParseDict, ParseError

    if not isinstance(data, dict):
        raise bad_request("Invalid JSON payload received. Unexpected token: an object was expected.")
    if unknown := list(unknown_names(data, message.DESCRIPTOR, prefix)):
        raise _unknown(unknown)
    try:
        ParseDict(data, message, descriptor_pool=pool())
    except (ParseError, *_NOT_CAUGHT) as error:
        raise bad_request(f"Invalid JSON payload received. {error}", (prefix, str(error))) from error


def unknown_names(data: Mapping[str, Any], descriptor: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every key that is no field, with the path of the object that it stands in."""
    if descriptor.full_name.startswith("google.protobuf."):
        return  # Struct, Value, Any …: their JSON is not that of their fields
    fields = {name: field for field in descriptor.fields for name in (field.name, field.json_name)}
    for key, value in data.items():
        if key not in fields:
            yield key, path
        elif (inner := fields[key].message_type) is not None:
            yield from _unknown_below(value, inner, f"{path}.{fields[key].name}".lstrip("."))


def _unknown_below(value: Any, descriptor: Any, path: str) -> Iterator[tuple[str, str]]:
    if descriptor.GetOptions().map_entry:
        inner = descriptor.fields_by_name["value"].message_type
        if inner is not None and isinstance(value, dict):
            for key, item in value.items():
                yield from _unknown_below(item, inner, f"{path}[{key}]")
    elif isinstance(value, dict):
        yield from unknown_names(value, descriptor, path)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _unknown_below(item, descriptor, f"{path}[{index}]")


def merge_parameters(message: Any, parameters: Iterable[tuple[str, str]]) -> None:
    """Query parameters: fields' paths in camelCase or snake_case; a repeated field may come several times."""
    for name, value in parameters:
        if not name.startswith("$") and name not in _SYSTEM_PARAMETERS:
            set_field(message, name, value)


def set_field(message: Any, path: str, text: str) -> None:
    """Sets (or adds to) the field at a dotted path from its text in a URL."""
    *parents, last = path.split(".")
    for parent in parents:
        field = _field(message, parent, path)
        if field.message_type is None or field.is_repeated:
            raise _unbound(path, parent)
        message = getattr(message, field.name)
    field = _field(message, last, path)
    if field.message_type is not None:
        _set_message(message, field, path, text)
        return
    try:
        value = _scalar(field, text)
        if field.is_repeated:
            getattr(message, field.name).append(value)
        else:
            setattr(message, field.name, value)
    except (ValueError, KeyError, binascii.Error) as error:
        raise bad_request(f"Invalid value at '{path}' ({_type_name(field)}), \"{text}\"", (path, str(error))) from error


def _set_message(message: Any, field: Any, path: str, text: str) -> None:
    from google.protobuf.json_format import Parse, ParseError

    if field.is_repeated:
        raise _unbound(path, field.name)
    quoted = json.dumps(text) if field.message_type.full_name in _AS_TEXT else text
    target = getattr(message, field.name)
    target.SetInParent()
    try:
        Parse(quoted, target, descriptor_pool=pool())
    except (ParseError, *_NOT_CAUGHT) as error:
        raise bad_request(f"Invalid value at '{path}', \"{text}\"", (path, str(error))) from error


def _scalar(field: Any, text: str) -> Any:
    if field.type == field.TYPE_STRING:
        return text
    if field.type == field.TYPE_BOOL:
        return {"true": True, "false": False, "1": True, "0": False}[text.lower()]
    if field.type == field.TYPE_BYTES:
        return base64.b64decode(text)
    if field.type == field.TYPE_ENUM:
        return int(text) if text.lstrip("-").isdigit() else field.enum_type.values_by_name[text].number
    if field.type in (field.TYPE_DOUBLE, field.TYPE_FLOAT):
        return float(text)
    return int(text)


def _type_name(field: Any) -> str:
    from google.protobuf.descriptor_pb2 import FieldDescriptorProto

    name: str = FieldDescriptorProto.Type.Name(field.type)
    return name


def _field(message: Any, name: str, path: str) -> Any:
    for field in message.DESCRIPTOR.fields:
        if name in (field.name, field.json_name):
            return field
    raise _unbound(path, name)


def _unbound(path: str, name: str) -> RpcError:
    what = (
        f"Unknown name \"{path}\": Cannot bind query parameter. Field '{name}' could not be found in request message."
    )
    return bad_request(f"Invalid JSON payload received. {what}", ("", f"Invalid JSON payload received. {what}"))


def _unknown(names: list[tuple[str, str]]) -> RpcError:
    sentences = [
        f'Invalid JSON payload received. Unknown name "{name}"{f" at {path!r}" if path else ""}: Cannot find field.'
        for name, path in names
    ]
    violations = [(path, sentence) for (_, path), sentence in zip(names, sentences, strict=True)]
    return bad_request("\n".join(sentences), *violations)
