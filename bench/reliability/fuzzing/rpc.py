"""Calls over gRPC: messages filled at random, and bytes that are no message."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from random import Random
from typing import Any

from bench.reliability.fuzzing import shapes, values
from bench.reliability.fuzzing.known import PROJECT, Known
from bench.reliability.fuzzing.rest import good_body
from bench.reliability.fuzzing.wire import HANG_S
from submit.emulator.rpc.messages import Method, message_class, methods, pool

TAIL_S = 0.3
"""A stream has no end of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    method: Method
    body: bytes

    def __str__(self) -> str:
        return f"gRPC {self.method.service}.{self.method.name} {self.body[:500]!r}"


def call(choose: Random, known: Known) -> Call:
    service = choose.choice(sorted(methods()))
    method = choose.choice(list(methods()[service].values()))
    body = _message(method, choose, known).SerializeToString()
    return Call(method=method, body=values.damaged(body, choose) if choose.random() < 0.15 else body)


def _message(method: Method, choose: Random, known: Known) -> Any:
    from google.protobuf.json_format import ParseDict

    message = message_class(method.request)()
    fields = message.DESCRIPTOR.fields_by_name
    tree = shapes.message(message.DESCRIPTOR, choose)
    if body := good_body(method.name, choose, known):
        body = values.mutated(body, choose) if choose.random() < 0.7 else body
        inner = next((name for name in fields if method.name.lower() == f"create{name.replace('_', '')}"), None)
        tree = {inner: body} if inner else body
    if choose.random() < 0.7:
        named = {"name": known.name(choose), "parent": f"projects/{PROJECT}/locations/us-central1"}
        tree = {**tree, **{key: value for key, value in named.items() if key in fields}}
    with contextlib.suppress(Exception):  # what cannot be said in a message is left out: it is filled so far
        ParseDict(tree, message, ignore_unknown_fields=True, descriptor_pool=pool())
    return message


class Channel:
    def __init__(self, target: str) -> None:
        import grpc

        self._channel = grpc.insecure_channel(target, options=[("grpc.enable_http_proxy", 0)])

    def ask(self, asked: Call) -> tuple[str, str, bytes, float]:
        """The code's name, the message, the answer's bytes and the seconds that it took."""
        import grpc

        path = f"/{asked.method.service}/{asked.method.name}"
        streams = asked.method.kind != "unary_unary"
        made = getattr(self._channel, asked.method.kind)(path)
        given = iter([asked.body]) if asked.method.kind.startswith("stream") else asked.body
        begin = time.monotonic()
        try:
            answer = made(given, timeout=TAIL_S if streams else HANG_S)
            body = b"".join(answer) if streams else answer
            return "OK", "", body, time.monotonic() - begin
        except grpc.RpcError as error:
            name, took = error.code().name, time.monotonic() - begin
            ended = streams and name == "DEADLINE_EXCEEDED"
            return ("OK" if ended else name), error.details() or "", b"", (0.0 if ended else took)

    def close(self) -> None:
        self._channel.close()
