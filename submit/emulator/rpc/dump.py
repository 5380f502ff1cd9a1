"""Writes `data/messages.binpb` and `data/methods.json` from the installed client libraries: for development only.

    python -m submit.emulator.rpc.dump

The libraries have no service descriptors. What a method is called and takes is seen by handing its gRPC transport a
channel that records what is asked of it; the rules of REST stand in the library's base class of its REST transport.
"""

from __future__ import annotations

import importlib
import inspect
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import grpc

DATA = Path(__file__).with_name("data")

_AIPLATFORM = [("job_service", "JobService"), ("pipeline_service", "PipelineService")]
_AIPLATFORM += [("persistent_resource_service", "PersistentResourceService")]
SERVICES = [
    *(
        (f"google.cloud.aiplatform_{version}.services", *names)
        for version in ("v1", "v1beta1")
        for names in _AIPLATFORM
    ),
    ("google.cloud.logging_v2.services", "logging_service_v2", "LoggingServiceV2"),
    ("google.cloud.resourcemanager_v3.services", "projects", "Projects"),
]

_LOGGING_RULES = {
    "WriteLogEntries": [["POST", "/v2/entries:write", "*"]],
    "ListLogEntries": [["POST", "/v2/entries:list", "*"]],
    "TailLogEntries": [["POST", "/v2/entries:tail", "*"]],
    "ListLogs": [["GET", "/v2/{parent=projects/*}/logs", None]],
    "DeleteLog": [["DELETE", "/v2/{log_name=projects/*/logs/*}", None]],
    "ListMonitoredResourceDescriptors": [["GET", "/v2/monitoredResourceDescriptors", None]],
}
"""https://cloud.google.com/logging/docs/reference/v2/rest; this library has no REST transport to take them from."""

Rules = list[list[str | None]]


class Seen(NamedTuple):
    """A method as its transport asks the channel for it; types are classes of plain protobuf."""

    kind: str
    request: Any
    response: Any


class RecordingChannel(grpc.Channel):  # type: ignore[misc]  # grpc has no types
    """Answers nothing, remembers every method."""

    def __init__(self) -> None:
        self.seen: dict[str, Seen] = {}

    def _record(self, kind: str, path: str, serializer: Any, deserializer: Any) -> Callable[..., None]:
        request = _plain(getattr(serializer, "__self__", None)) or _mixin_request(path)
        self.seen[path] = Seen(kind, request, _plain(getattr(deserializer, "__self__", None)) or _empty())
        return lambda *_, **__: None

    def unary_unary(self, path: str, serializer: Any = None, deserializer: Any = None, *_: Any, **names: Any) -> Any:
        return self._record("unary_unary", path, *_named(serializer, deserializer, names))

    def unary_stream(self, path: str, serializer: Any = None, deserializer: Any = None, *_: Any, **names: Any) -> Any:
        return self._record("unary_stream", path, *_named(serializer, deserializer, names))

    def stream_unary(self, path: str, serializer: Any = None, deserializer: Any = None, *_: Any, **names: Any) -> Any:
        return self._record("stream_unary", path, *_named(serializer, deserializer, names))

    def stream_stream(self, path: str, serializer: Any = None, deserializer: Any = None, *_: Any, **names: Any) -> Any:
        return self._record("stream_stream", path, *_named(serializer, deserializer, names))

    def subscribe(self, *_: Any, **__: Any) -> None: ...

    def unsubscribe(self, *_: Any) -> None: ...

    def close(self) -> None: ...

    def __enter__(self) -> RecordingChannel:
        return self

    def __exit__(self, *_: object) -> None: ...


def main() -> None:
    methods: dict[tuple[str, str], list[Any]] = {}
    types = [_error_details(), _status()]
    for package, module, name in SERVICES:
        rules = _rules(package, module, name)
        for path, seen in _methods(package, module, name).items():
            service, method = path.strip("/").rsplit("/", 1)
            if service.startswith("google.iam"):
                continue
            types += [seen.request, seen.response]
            names = seen.request.DESCRIPTOR.full_name, seen.response.DESCRIPTOR.full_name
            entry = methods.setdefault((service, method), [service, method, seen.kind, *names, []])
            entry[-1] += [rule for rule in rules.get(method, []) if rule not in entry[-1]]
    (DATA / "messages.binpb").write_bytes(_descriptors(types))
    lines = ",\n".join(json.dumps(methods[key]) for key in sorted(methods))
    (DATA / "methods.json").write_text(f"[\n{lines}\n]\n")


def _methods(package: str, module: str, name: str) -> dict[str, Seen]:
    from google.auth.credentials import AnonymousCredentials

    channel = RecordingChannel()
    kind = getattr(importlib.import_module(f"{package}.{module}.transports.grpc"), f"{name}GrpcTransport")
    transport = kind(channel=channel, credentials=AnonymousCredentials())  # type: ignore[no-untyped-call]
    transport._logged_channel = channel  # its interceptor would ask only when a method is called
    transport._stubs.clear()
    skipped = ("grpc_channel", "kind", "host", "operations_client")
    for attribute, value in inspect.getmembers_static(kind, lambda value: isinstance(value, property)):
        if attribute not in skipped and not attribute.startswith("_"):
            value.fget(transport)
    return channel.seen


def _rules(package: str, module: str, name: str) -> dict[str, Rules]:
    try:
        base = importlib.import_module(f"{package}.{module}.transports.rest_base")
    except ModuleNotFoundError:
        return _LOGGING_RULES  # type: ignore[return-value]  # lists are invariant
    return dict(_rest_rules(getattr(base, f"_Base{name}RestTransport")))


def _rest_rules(transport: type) -> Iterator[tuple[str, Rules]]:
    for name, kind in vars(transport).items():
        match = re.fullmatch(r"_Base(\w+)", name)
        if match and hasattr(kind, "_get_http_options"):
            options = kind._get_http_options()
            yield match[1], [[option["method"].upper(), option["uri"], option.get("body")] for option in options]


def _descriptors(types: list[Any]) -> bytes:
    from google.protobuf import descriptor_pb2

    files: dict[str, Any] = {}

    def add(file: Any) -> None:
        if file.name not in files:
            for dependency in file.dependencies:
                add(dependency)
            files[file.name] = descriptor_pb2.FileDescriptorProto()
            file.CopyToProto(files[file.name])

    for kind in types:
        add(kind.DESCRIPTOR.file)
    encoded: bytes = descriptor_pb2.FileDescriptorSet(file=files.values()).SerializeToString(deterministic=True)
    return encoded


def _named(serializer: Any, deserializer: Any, names: dict[str, Any]) -> tuple[Any, Any]:
    return serializer or names.get("request_serializer"), deserializer or names.get("response_deserializer")


def _plain(kind: Any) -> Any:
    """The protobuf class below a class of proto-plus."""
    return kind.pb() if hasattr(kind, "pb") else kind if isinstance(kind, type) else None


def _mixin_request(path: str) -> Any:
    """Plain classes' bound `SerializeToString` does not tell its class."""
    from google.cloud.location import locations_pb2
    from google.iam.v1 import iam_policy_pb2
    from google.longrunning import operations_pb2

    name = path.rsplit("/", 1)[1] + "Request"
    modules = (operations_pb2, locations_pb2, iam_policy_pb2)
    return next(getattr(module, name) for module in modules if hasattr(module, name))


def _empty() -> Any:
    from google.protobuf import empty_pb2

    return empty_pb2.Empty


def _error_details() -> Any:
    from google.rpc import error_details_pb2

    return error_details_pb2.BadRequest


def _status() -> Any:
    from google.rpc import status_pb2

    return status_pb2.Status


if __name__ == "__main__":
    main()
