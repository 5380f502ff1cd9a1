"""Faults as a plain HTTP client sees them, on real sockets."""

from __future__ import annotations

import http.client
import json
import threading
import uuid
from typing import Any

import pytest

from tests.emulator.control.conftest import PARENT, Running

BUCKETS = "/storage/v1/b?project=demo"


def bucket_name() -> str:
    return f"bucket-{uuid.uuid4().hex}"


def has_bucket(emulator: Running, name: str) -> bool:
    return emulator.ask("GET", f"/storage/v1/b/{name}")[0] == 200


def make_bucket(emulator: Running, name: str) -> tuple[int, Any]:
    return emulator.ask("POST", BUCKETS, {"name": name})


def test_the_next_call_is_answered_so_and_the_one_after_is_well(emulator: Running) -> None:
    emulator.fault("logging.entries.list", "429")
    body = {"resourceNames": ["projects/demo"]}
    status, answer = emulator.ask("POST", "/v2/entries:list", body)
    assert (status, answer["error"]["status"]) == (429, "RESOURCE_EXHAUSTED")
    assert emulator.ask("POST", "/v2/entries:list", body)[0] == 200


@pytest.mark.parametrize(
    ("method", "verb", "path"),
    [
        ("aiplatform.customJobs.list", "GET", f"/v1/{PARENT}/customJobs"),
        ("JobService.ListCustomJobs", "GET", f"/v1beta1/{PARENT}/customJobs"),
        ("ml.projects.jobs.list", "GET", "/v1/projects/demo/jobs"),
        ("logging.*", "POST", "/v2/entries:list"),
        ("storage.buckets.list", "GET", BUCKETS),
    ],
)
def test_every_api_can_be_unavailable(emulator: Running, method: str, verb: str, path: str) -> None:
    emulator.fault(method, "503")
    status, answer = emulator.ask(verb, path)
    assert (status, answer["error"]["code"]) == (503, 503)


def test_a_client_is_told_when_to_come_back(emulator: Running) -> None:
    emulator.fault("storage.buckets.list", "429", retryAfter=1.5)
    connection = emulator.connection()
    connection.request("GET", BUCKETS)
    response = connection.getresponse()
    assert (response.status, response.headers["Retry-After"]) == (429, "1.5")
    assert json.loads(response.read())["error"]["errors"][0]["reason"] == "rateLimitExceeded"
    connection.close()


def test_a_reset_comes_before_anything_is_done(emulator: Running) -> None:
    name = bucket_name()
    emulator.fault("storage.buckets.insert", "reset")
    with pytest.raises(ConnectionResetError):
        make_bucket(emulator, name)
    assert not has_bucket(emulator, name)


def test_a_response_is_lost_after_all_was_done(emulator: Running) -> None:
    name = bucket_name()
    emulator.fault("storage.buckets.insert", "reset-after")
    with pytest.raises(ConnectionResetError):
        make_bucket(emulator, name)
    assert has_bucket(emulator, name)


def test_a_response_is_cut_in_its_middle(emulator: Running) -> None:
    name = bucket_name()
    emulator.fault("storage.buckets.insert", "reset-during")
    connection = emulator.connection()
    connection.request("POST", BUCKETS, body=json.dumps({"name": name}))
    response = connection.getresponse()
    assert response.status == 200
    with pytest.raises(ConnectionResetError):
        [response.read(1) for _ in range(1000)]
    connection.close()
    assert has_bucket(emulator, name)


def test_a_body_ends_early_and_in_order(emulator: Running) -> None:
    name = bucket_name()
    emulator.fault("storage.buckets.insert", "truncate")
    with pytest.raises(http.client.IncompleteRead) as caught:
        make_bucket(emulator, name)
    assert caught.value.partial.startswith(b'{"kind":"storage#bucket"')
    assert has_bucket(emulator, name)


def test_a_web_page_comes_instead_of_json(emulator: Running) -> None:
    emulator.fault("storage.buckets.list", "html")
    connection = emulator.connection()
    connection.request("GET", BUCKETS)
    response = connection.getresponse()
    assert (response.status, response.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert response.read().startswith(b"<!DOCTYPE html>")
    connection.close()


def test_a_call_that_hangs_does_nothing_and_holds_nobody_else(emulator: Running) -> None:
    name = bucket_name()
    emulator.fault("storage.buckets.insert", "hang")
    connection = emulator.connection(timeout=0.5)
    connection.request("POST", BUCKETS, body=json.dumps({"name": name}))
    with pytest.raises(TimeoutError):
        connection.getresponse()
    assert not has_bucket(emulator, name)
    connection.close()


def test_an_upload_is_refused_after_it_was_sent_and_cut_while_it_is(emulator: Running) -> None:
    name = bucket_name()
    make_bucket(emulator, name)
    path = f"/upload/storage/v1/b/{name}/o?uploadType=media&name=object"
    emulator.fault("storage.objects.insert", "503")
    assert emulator.ask("POST", path, b"x" * (4 << 20))[0] == 503
    emulator.fault("storage.objects.insert", "reset")
    with pytest.raises((ConnectionResetError, BrokenPipeError)):
        emulator.ask("POST", path, b"x" * (4 << 20))
    assert emulator.ask("GET", f"/storage/v1/b/{name}/o/object")[0] == 404
    assert emulator.ask("POST", path, b"x")[0] == 200


def test_a_download_is_cut_after_half_of_what_was_sent(emulator: Running) -> None:
    name = bucket_name()
    make_bucket(emulator, name)
    content = b"0123456789" * 1000
    emulator.ask("POST", f"/upload/storage/v1/b/{name}/o?uploadType=media&name=object", content)
    emulator.fault("storage.objects.get", "truncate")
    connection = emulator.connection()
    connection.request("GET", f"/download/storage/v1/b/{name}/o/object?alt=media")
    with pytest.raises(http.client.IncompleteRead) as caught:
        connection.getresponse().read()
    assert caught.value.partial == content[:5000]
    connection.close()


def test_other_connections_and_the_control_api_are_never_struck(emulator: Running) -> None:
    emulator.fault("*", "503", count=0)
    assert emulator.ask("GET", BUCKETS)[0] == 503
    (fault,) = emulator.control("GET", "/faults")["faults"]
    assert (fault["method"], fault["hits"]) == ("*", 1)
    emulator.control("DELETE", f"/faults/{fault['id']}")
    assert emulator.ask("GET", BUCKETS)[0] == 200


def test_calls_at_once_share_the_count(emulator: Running) -> None:
    emulator.fault("storage.buckets.list", "503", count=5)
    seen: list[int] = []
    threads = [threading.Thread(target=lambda: seen.append(emulator.ask("GET", BUCKETS)[0])) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen) == [200] * 7 + [503] * 5


@pytest.mark.parametrize(
    "headers",
    [{"Host": "evil.example"}, {"Host": "storage.googleapis.com:443"}, {"Origin": "http://127.0.0.1:8000"}],
)
def test_a_web_page_cannot_control_the_emulator(emulator: Running, headers: dict[str, str]) -> None:
    status, answer = emulator.ask("DELETE", "/emulator/v1/faults", headers=headers)
    assert (status, answer["error"]["status"]) == (403, "PERMISSION_DENIED")


def test_what_is_no_fault_is_refused_with_all_reasons(emulator: Running) -> None:
    status, answer = emulator.ask("POST", "/emulator/v1/faults", {"answer": "rest"})
    assert status == 400
    assert len(answer["error"]["message"].splitlines()) == 2
    assert emulator.ask("DELETE", "/emulator/v1/faults/99")[0] == 404
    assert emulator.ask("GET", "/emulator/v1/nothing")[0] == 501
