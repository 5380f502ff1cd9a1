"""The message types and methods of the served APIs, from what `dump` has written.

They live in a pool of their own, so that they cannot clash with the client libraries' if a process has both.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

_DATA = Path(__file__).with_name("data")


class Rule(NamedTuple):
    """A `google.api.http` rule; `body` is `*` for the whole message, a field's name, or None."""

    verb: str
    template: str
    body: str | None


class Method(NamedTuple):
    """`kind` is `unary_unary`, `unary_stream`, `stream_unary` or `stream_stream`; types by their full names."""

    service: str
    name: str
    kind: str
    request: str
    response: str
    rules: tuple[Rule, ...]


@cache
def pool() -> Any:
    """A `google.protobuf.descriptor_pool.DescriptorPool`."""
    from google.protobuf.descriptor_pb2 import FileDescriptorSet
    from google.protobuf.descriptor_pool import DescriptorPool

    filled = DescriptorPool()
    for file in FileDescriptorSet.FromString((_DATA / "messages.binpb").read_bytes()).file:
        filled.AddSerializedFile(file.SerializeToString())
    return filled


@cache
def message_class(full_name: str) -> Any:
    """E.g. `google.cloud.aiplatform.v1.CustomJob`. Raises KeyError if it is not among those that were dumped."""
    from google.protobuf.message_factory import GetMessageClass

    return GetMessageClass(pool().FindMessageTypeByName(full_name))


@cache
def enum_numbers(full_name: str) -> dict[str, int]:
    """`google.cloud.aiplatform.v1.JobState` -> `{"JOB_STATE_QUEUED": 1, …}`."""
    return {value.name: value.number for value in pool().FindEnumTypeByName(full_name).values}


@cache
def methods() -> dict[str, dict[str, Method]]:
    """All methods by their service's full name and their own name."""
    services: dict[str, dict[str, Method]] = {}
    for service, name, kind, request, response, rules in json.loads((_DATA / "methods.json").read_text()):
        method = Method(service, name, kind, request, response, tuple(Rule(*rule) for rule in rules))
        services.setdefault(service, {})[name] = method
    return services
