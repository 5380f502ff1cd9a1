"""A real emulator in a process of its own, for all tests of a module."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from submit.emulator import process

PARENT = "projects/demo/locations/us-central1"


@dataclass
class Running:
    """A real emulator in a process of its own; `data` is its folder."""

    endpoints: process.Endpoints
    data: Path
    cache: Path

    @property
    def target(self) -> str:
        return self.endpoints.grpc

    def connection(self, timeout: float = 20) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.endpoints.port, timeout=timeout)

    def ask(self, verb: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> tuple[int, Any]:
        """Status and JSON of one request."""
        connection = self.connection()
        try:
            content = body if body is None or isinstance(body, bytes) else json.dumps(body)
            connection.request(verb, path, body=content, headers=headers or {})
            response = connection.getresponse()
            return response.status, json.loads(response.read() or b"null")
        finally:
            connection.close()

    def control(self, verb: str, path: str, body: Any = None) -> Any:
        status, answer = self.ask(verb, f"/emulator/v1{path}", body)
        assert status == 200, answer
        return answer

    def fault(self, method: str, answer: str, **more: Any) -> None:
        self.control("POST", "/faults", {"method": method, "answer": answer, **more})


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Iterator[Running]:
    data = tmp_path_factory.mktemp("emulator")
    submit(cache, "start", "--data-dir", str(data))
    endpoints = process.status(data)
    assert endpoints is not None
    yield Running(endpoints, data, cache)
    submit(cache, "stop", "--data-dir", str(data))


def submit(cache: Path, *argv: str) -> str:
    """What `submit emulator …` writes to stdout."""
    done = subprocess.run(
        [sys.executable, "-m", "submit.cli", "emulator", *argv],
        env={**os.environ, "SUBMIT_STATE_DIR": str(cache), "SUBMIT_CACHE_DIR": str(cache)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def emulator(running: Running) -> Running:
    """One for the whole module, without faults at the beginning of a test."""
    running.control("DELETE", "/faults")
    return running
