"""A server on loopback that treats each request as the test has written down: answers, silence, broken connections."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TypeAlias

from submit.job import Json


@dataclass(frozen=True, kw_only=True)
class Heard:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int

    @property
    def json(self) -> Json:
        found: Json = json.loads(self.body)
        return found


@dataclass(frozen=True, kw_only=True)
class Reply:
    """`cut`: so many bytes of the body are sent less than announced. `close`: the connection is closed afterwards,
    which the answer does not announce. `first`: what happens before."""

    status: int = 200
    body: Json = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    cut: int = 0
    close: bool = False
    first: Callable[[], object] = lambda: None

    def data(self) -> bytes:
        body = json.dumps(self.body).encode()
        lines = [f"HTTP/1.1 {self.status} Word", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return "\r\n".join([*lines, "", ""]).encode() + body[: len(body) - self.cut]


RESET = "reset"
"""The connection is reset when the request was heard."""
SILENCE = "silence"
"""Nothing is said until the client gives up."""

Act: TypeAlias = Reply | str


class Scripted:
    """`acts` are taken one for each request; `heard` are the requests."""

    def __init__(self, acts: Sequence[Act]) -> None:
        self._acts = list(acts)
        self.heard: list[Heard] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []
        self._accepting = threading.Thread(target=self._accept)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def targets(self) -> list[str]:
        return [f"{request.method} {request.target}" for request in self.heard]

    def start(self) -> None:
        self._accepting.start()

    def stop(self) -> None:
        """The client has closed its connections by now."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in [self._accepting, *self._threads]:
            thread.join(20)
            assert not thread.is_alive()
        assert self._acts == [], "not all of the script was played"

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(connection, len(self._threads)))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        with connection, suppress(OSError), connection.makefile("rb") as stream:
            while line := stream.readline():
                method, target, _ = line.decode().split()
                pairs = (header.decode().partition(":") for header in iter(stream.readline, b"\r\n"))
                headers = {name.lower(): value.strip() for name, _, value in pairs}
                body = stream.read(int(headers.get("content-length", "0")))
                self.heard.append(Heard(method=method, target=target, headers=headers, body=body, connection=number))
                if not self._act(connection):
                    return

    def _act(self, connection: socket.socket) -> bool:
        """Whether the connection goes on."""
        act = self._acts.pop(0)
        if act == RESET:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        if act == SILENCE:
            connection.recv(1)
            return False
        assert isinstance(act, Reply)
        act.first()
        connection.sendall(act.data())
        return not (act.close or act.cut)


@contextmanager
def scripted(*acts: Act) -> Iterator[Scripted]:
    server = Scripted(acts)
    server.start()
    try:
        yield server
    finally:
        server.stop()
