"""The door to `TailLogEntries`: gRPC streams that are read in threads of their own.

https://cloud.google.com/logging/docs/reference/v2/rpc/google.logging.v2#google.logging.v2.LoggingServiceV2.TailLogEntries
"""

from __future__ import annotations

import atexit
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from submit.errors import ErrorKind, ServiceError
from submit.status import Json, JsonObject
from submit.world.google.log_messages import entry_json
from submit.world.google.replies import kind_of
from submit.world.google.tail_protocol import protocol

QUEUED = 20_000
"""So many entries wait here; those behind them wait at the service, which suppresses some if they are too many."""
CONNECT_S = 10.0
_METHOD = "/google.logging.v2.LoggingServiceV2/TailLogEntries"


class Channel(NamedTuple):
    """`token`: who we are, and then the channel is encrypted; None towards this machine. `roots` is a file of those who
    are trusted, None: as gRPC has it."""

    target: str
    token: str | None
    roots: str | None = None


Connect = Callable[[], Channel]


class Tails:
    """One stream for each request, kept between the questions for what has come."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._open: dict[str, Tail] = {}
        atexit.register(self.close)

    def read(self, request: JsonObject) -> Json:
        """`{"session", "ageSeconds", "entries", "suppressed"}` after at most `waitSeconds` of the request.

        The session is another one after a cut, which is a `ServiceError` once; the next question opens it anew.
        """
        places = [str(name) for name in _array(request.get("resourceNames"))]
        asked = str(request.get("filter") or "")
        wait_s = request.get("waitSeconds")
        key = "\n".join([asked, *places])
        tail = self._open.get(key) or Tail(self._connect, places, asked)
        self._open[key] = tail
        try:
            return tail.read(float(wait_s) if isinstance(wait_s, int | float) else 0.0)
        except ServiceError:
            self._open.pop(key).close()
            raise

    def close(self) -> None:
        atexit.unregister(self.close)
        while self._open:
            self._open.popitem()[1].close()


class Tail:
    """The thread ends with the stream, or with the process."""

    def __init__(self, connect: Connect, places: list[str], asked: str) -> None:
        self._connect, self._places, self._asked = connect, places, asked
        self._name = secrets.token_hex(4)
        self._changed = threading.Condition()
        self._entries: deque[Any] = deque()
        self._suppressed = 0
        self._begun: float | None = None
        self._error: ServiceError | None = None
        self._call: Any = None
        self._closed = threading.Event()
        threading.Thread(target=self._run, daemon=True).start()

    def read(self, wait_s: float) -> Json:
        with self._changed:
            self._changed.wait_for(lambda: self._entries or self._suppressed or self._error, wait_s)
            if self._error and not self._entries:
                raise self._error
            entries, self._entries = self._entries, deque()
            suppressed, self._suppressed = self._suppressed, 0
            self._changed.notify_all()
        age_s = 0.0 if self._begun is None else time.monotonic() - self._begun
        found: list[Json] = [entry_json(entry) for entry in entries]
        return {"session": self._name, "ageSeconds": age_s, "entries": found, "suppressed": suppressed}

    def close(self) -> None:
        self._closed.set()
        with self._changed:
            self._entries.clear()
            self._changed.notify_all()
        if self._call is not None:
            self._call.cancel()

    def _run(self) -> None:
        try:
            error = self._stream()
        except ServiceError as refusal:
            error = refusal
        except Exception as defect:  # noqa: BLE001 - nobody else would hear of it; lists go on without a tail
            error = ServiceError(f"the log cannot be tailed: {defect}", kind=ErrorKind.INTERNAL)
        with self._changed:
            self._error = error
            self._changed.notify_all()

    def _stream(self) -> ServiceError:
        """Takes what comes until it ends; why it did."""
        import grpc

        channel, call = self._opened()
        try:
            self._call = call
            grpc.channel_ready_future(channel).result(timeout=CONNECT_S)
            self._begun = time.monotonic()
            for response in call:
                self._keep(response)
                if self._closed.is_set():
                    break
        except grpc.RpcError as error:
            return _translated(error)
        except grpc.FutureTimeoutError:
            return ServiceError("Cloud Logging cannot be reached by gRPC", kind=ErrorKind.TRANSIENT)
        finally:
            call.cancel()
            self._closed.set()
            channel.close()
        return ServiceError("the tail of the log ended", kind=ErrorKind.TRANSIENT)

    def _opened(self) -> tuple[Any, Any]:
        import grpc

        where, messages = self._connect(), protocol()
        channel = _channel(grpc, where)
        stub = channel.stream_stream(
            _METHOD,
            request_serializer=messages.request.SerializeToString,
            response_deserializer=messages.response.FromString,
        )
        message = messages.request(resource_names=self._places, filter=self._asked)
        message.buffer_window.SetInParent()  # what is set, even to 0, is not the service's two seconds
        metadata = [("authorization", f"Bearer {where.token}")] if where.token else []
        return channel, stub(self._requests(message), metadata=metadata)

    def _requests(self, message: Any) -> Iterator[Any]:
        """The stream lives as long as our side of it is open."""
        yield message
        self._closed.wait()

    def _keep(self, response: Any) -> None:
        with self._changed:
            self._changed.wait_for(lambda: len(self._entries) < QUEUED or self._closed.is_set())
            self._entries.extend(response.entries)
            self._suppressed += sum(info.suppressed_count for info in response.suppression_info)
            self._changed.notify_all()


def _channel(grpc: Any, where: Channel) -> Any:
    limit = [("grpc.max_receive_message_length", -1)]
    if where.token is None:
        return grpc.insecure_channel(where.target, options=[*limit, ("grpc.enable_http_proxy", 0)])
    trusted = Path(where.roots).read_bytes() if where.roots else None
    return grpc.secure_channel(where.target, grpc.ssl_channel_credentials(trusted), options=limit)


def _translated(error: Any) -> ServiceError:
    """Of a `grpc.RpcError`. A session lasts an hour at most, and then ends as out of range; so does a token, and the
    next list gets another one."""
    name, words = error.code().name, str(error.details() or "")
    ended = name in ("OUT_OF_RANGE", "CANCELLED", "UNKNOWN", "UNAUTHENTICATED")
    kind = ErrorKind.TRANSIENT if ended else kind_of(0, name, words)
    return ServiceError(f"Cloud Logging: {words.strip().removesuffix('.')}", kind=kind)


def _array(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []
