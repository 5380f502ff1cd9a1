"""The tail of a log against a server that really speaks gRPC, and refuses."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest

from submit.errors import ErrorKind, ServiceError
from submit.world.google.tailing import Channel, Tails


@pytest.fixture
def refusing() -> Iterator[tuple[Tails, list[str]]]:
    """Ends each tail with the code that stands first in the list."""
    codes: list[str] = []

    def tail(_: Iterator[bytes], context: Any) -> Iterator[bytes]:
        context.abort(grpc.StatusCode[codes[0]], "no")
        yield b""

    server = grpc.server(ThreadPoolExecutor(2))
    handlers = {"TailLogEntries": grpc.stream_stream_rpc_method_handler(tail)}
    service = "google.logging.v2.LoggingServiceV2"
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    tails = Tails(lambda: Channel(f"127.0.0.1:{port}", None))
    yield tails, codes
    tails.close()
    server.stop(None).wait()


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("OUT_OF_RANGE", ErrorKind.TRANSIENT),  # its hour is over
        ("UNAUTHENTICATED", ErrorKind.TRANSIENT),  # that of the token is: the next list gets another one
        ("UNAVAILABLE", ErrorKind.TRANSIENT),
        ("PERMISSION_DENIED", ErrorKind.DENIED),
        ("RESOURCE_EXHAUSTED", ErrorKind.QUOTA),
    ],
)
def test_why_a_tail_has_ended_says_when_another_is_worth_a_try(
    refusing: tuple[Tails, list[str]], code: str, kind: ErrorKind
) -> None:
    tails, codes = refusing
    codes.append(code)
    with pytest.raises(ServiceError, match="Cloud Logging: no") as refusal:
        tails.read({"resourceNames": ["projects/p"], "filter": "", "waitSeconds": 30.0})
    assert refusal.value.kind is kind
