"""A logging service over an engine, on ports of loopback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from submit.emulator.logs import create
from submit.emulator.services.json_app import JsonApp
from submit.engine import Engine
from tests.emulator.services.serving import Server
from tests.engine.site import Site, make_wheel

HOLD_S = 1.0


@dataclass
class Emulator:
    url: str
    target: str
    site: Site

    def run(self, engine_id: str, job_id: str, source: str = "print('hello')", *, wait: bool = True) -> None:
        client = {"kind": "customJobs", "name": f"projects/demo/x/{job_id}", "job_id": job_id, "project": "demo"}
        self.site.create(engine_id, source, client=client)
        if wait:
            self.site.wait(engine_id)

    def ask(self, agent: str = "", **body: Any) -> dict[str, Any]:
        response = self.post("list", agent, **body)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def post(self, method: str, agent: str = "", timeout_s: float = 30, **body: Any) -> httpx.Response:
        content = json.dumps({"resourceNames": ["projects/demo"], **body} if method == "list" else body)
        url, headers = f"{self.url}/v2/entries:{method}", {"user-agent": agent}
        return httpx.post(url, content=content, headers=headers, timeout=timeout_s)


@pytest.fixture
def emulator(tmp_path: Path, cache: Path) -> Iterator[Emulator]:
    root, buckets = tmp_path / "engine", tmp_path / "buckets"
    site = Site(root, cache, 2, Engine(root, cache=cache, bucket_root=buckets, concurrency=2), make_wheel(tmp_path))
    logs = create(site.engine, tmp_path / "logs", hold_s=HOLD_S)
    with Server(JsonApp(logs.routes(), otherwise=logs.app), logs.grpc_handlers()) as server:
        yield Emulator(server.url, server.target, site)
    site.drain()
    logs.close()
    site.engine.close()


def messages(answer: dict[str, Any]) -> list[str]:
    """The words of each entry."""
    return [entry.get("textPayload") or entry["jsonPayload"]["message"] for entry in answer.get("entries", ())]
