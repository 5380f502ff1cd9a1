"""No web page that a browser on this machine shows may speak to the emulator: it could run code."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from submit.emulator import process
from submit.emulator.guard import is_known
from submit.emulator.options import Options
from submit.emulator.process import Endpoints
from submit.emulator.rpc.http import host_name
from tests.project import Project

JOBS = "/v1/projects/demo/locations/us-central1/customJobs"


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Iterator[Endpoints]:
    data = tmp_path_factory.mktemp("emulator")
    yield process.start(data, Options(cache=str(cache)))
    process.stop(data)


def ask(emulator: Endpoints, method: str, path: str, **headers: str) -> tuple[int, Any]:
    connection = http.client.HTTPConnection(emulator.address, emulator.port, timeout=10)
    try:
        connection.request(method, path, body=b"{}" if method == "POST" else None, headers=headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:8000"])
@pytest.mark.parametrize("path", [JOBS, "/v1/projects/demo/jobs", "/storage/v1/b?project=demo", "/v2/entries:write"])
def test_a_page_of_any_site_is_refused(emulator: Endpoints, path: str, origin: str) -> None:
    status, answer = ask(emulator, "POST", path, Origin=origin)
    assert (status, answer["error"]["status"]) == (403, "PERMISSION_DENIED")
    assert origin in answer["error"]["message"]


def test_a_site_that_gives_its_name_the_address_of_loopback_is_refused(emulator: Endpoints) -> None:
    status, answer = ask(emulator, "GET", JOBS, Host=f"evil.example:{emulator.port}")
    assert (status, answer["error"]["status"]) == (403, "PERMISSION_DENIED")


@pytest.mark.parametrize("host", ["localhost", "us-central1-aiplatform.googleapis.com", "127.0.0.1:1"])
def test_programs_are_answered(emulator: Endpoints, host: str) -> None:
    assert ask(emulator, "GET", JOBS, Host=host) == (200, {})


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("127.0.0.1:8085", True),
        ("[::1]:8085", True),
        ("LOCALHOST", True),
        ("storage.googleapis.com:443", True),
        ("metadata.google.internal", True),
        ("accounts.google.com", True),
        ("googleapis.com.evil.example", False),
        ("evilgoogleapis.com", False),
        ("127.0.0.1.evil.example", False),
        ("localhost.evil.example", False),
        ("", False),
    ],
)
def test_hosts(host: str, *, known: bool) -> None:
    assert is_known(host_name({"headers": [(b"Host", host.encode())]})) is known


def test_a_service_of_googles_that_is_not_emulated_is_named(emulator: Endpoints) -> None:
    status, answer = ask(emulator, "GET", "/o/oauth2/auth", Host="accounts.google.com")
    assert (status, answer["error"]["status"]) == (501, "UNIMPLEMENTED")
    assert "accounts.google.com/o/oauth2/auth" in answer["error"]["message"]


def test_other_addresses_than_loopback_need_a_loud_flag(project: Project) -> None:
    refused = project.submit("emulator", "start", "--host", "0.0.0.0")
    assert refused.code == 2
    assert "--i-know-that-anyone-can-run-code" in refused.err
    assert project.submit("emulator", "start", "--host", "everywhere").code == 2

    started = project.submit("emulator", "start", "--host", "0.0.0.0", "--i-know-that-anyone-can-run-code")
    try:
        assert started.code == 0, started.err
        assert "anyone who reaches 0.0.0.0 can now run code as you" in started.err
        assert started.out.startswith("http://127.0.0.1:")
    finally:
        project.submit("emulator", "stop")
