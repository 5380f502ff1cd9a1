"""A storage service on a loopback port, in a thread of the test."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn

from submit.emulator.storage.app import create


@dataclass(frozen=True, kw_only=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, kw_only=True)
class Service:
    """`root` holds the metadata and, in `buckets`, the files."""

    port: int
    root: Path
    buckets: Path = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "buckets", self.root / "buckets")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def call(
        self, method: str, target: str, body: bytes | dict[str, Any] = b"", headers: dict[str, str] | None = None
    ) -> Answer:
        """One request on a connection of its own; header names of the answer are in lower case."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            content = json.dumps(body).encode() if isinstance(body, dict) else body
            connection.request(method, target, body=content, headers=headers or {})
            answer = connection.getresponse()
            names = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(status=answer.status, headers=names, body=answer.read())
        finally:
            connection.close()

    def put(self, bucket: str, name: str, content: bytes) -> Answer:
        """`name` as it is in a query: percent-encoded."""
        return self.call("POST", f"/upload/storage/v1/b/{bucket}/o?uploadType=media&name={name}", content)

    def make_bucket(self, name: str, **fields: Any) -> str:
        answer = self.call("POST", "/storage/v1/b?project=demo", {"name": name, **fields})
        assert answer.status == 200, answer.body
        return name


@contextmanager
def serve(root: Path) -> Iterator[Service]:
    app = create(root, root / "buckets")
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, http="h11", lifespan="off", log_level="warning", access_log=False
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.005)
    try:
        yield Service(port=server.servers[0].sockets[0].getsockname()[1], root=root)
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        app.close()
