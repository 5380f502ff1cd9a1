"""The REST application in process, as an ASGI server would call it."""

from __future__ import annotations

import asyncio
import gzip
import json
from typing import Any

import httpx

from submit.emulator.rpc import RestApp, RpcError, caller, message_class
from submit.emulator.rpc.http import BODY_BYTES

SERVICE = "google.cloud.aiplatform.v1.JobService"
JOBS = "/v1/projects/p/locations/r/customJobs"


async def get(request: Any) -> Any:
    return message_class("google.cloud.aiplatform.v1.CustomJob")(
        name=request.name, display_name=caller.get().user_agent
    )


async def create(request: Any) -> Any:
    return request.custom_job


async def refuse(_: Any) -> Any:
    raise RpcError("RESOURCE_EXHAUSTED", "no more", (message_class("google.rpc.ErrorInfo")(reason="QUOTA"),))


async def stumble(_: Any) -> Any:
    raise ZeroDivisionError("by zero")


APP = RestApp(
    {SERVICE: {"GetCustomJob": get, "CreateCustomJob": create, "ListCustomJobs": refuse, "CancelCustomJob": stumble}}
)


def ask(verb: str, path: str, **more: Any) -> httpx.Response:
    async def call() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=APP), base_url="http://emulator") as client:
            return await client.request(verb, path, **more)

    return asyncio.run(call())


def test_a_method_is_found_by_its_path_and_knows_who_calls() -> None:
    answer = ask("GET", f"{JOBS}/7", headers={"User-Agent": "gcloud"})
    assert answer.json() == {"name": "projects/p/locations/r/customJobs/7", "displayName": "gcloud"}


def test_a_refusal_is_googles_envelope() -> None:
    answer = ask("GET", JOBS)
    assert answer.status_code == 429
    assert answer.json() == {
        "error": {
            "code": 429,
            "message": "no more",
            "status": "RESOURCE_EXHAUSTED",
            "details": [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "QUOTA"}],
        }
    }


def test_a_defect_is_an_answer_too() -> None:
    answer = ask("POST", f"{JOBS}/7:cancel", json={})
    assert (answer.status_code, answer.json()["error"]["message"]) == (500, "ZeroDivisionError: by zero")


def test_what_is_not_implemented_is_named() -> None:
    for verb, path in (("GET", "/v1/projects/p/locations/r/nasJobs/1"), ("GET", "/x"), ("PUT", JOBS)):
        answer = ask(verb, path)
        assert answer.status_code == 501
        assert f"{verb} {path}" in answer.json()["error"]["message"]


def test_bodies_may_be_compressed_both_ways() -> None:
    body = gzip.compress(json.dumps({"displayName": "x" * 5000}).encode())
    answer = ask("POST", JOBS, content=body, headers={"Content-Encoding": "gzip", "Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.json() == {"displayName": "x" * 5000}
    broken = ask("POST", JOBS, content=b"no gzip", headers={"Content-Encoding": "gzip"})
    assert broken.status_code == 400


def test_bodies_are_bounded_also_when_they_are_unpacked() -> None:
    large = b" " * (BODY_BYTES + 1)
    assert ask("POST", JOBS, content=large).status_code == 400
    bomb = ask("POST", JOBS, content=gzip.compress(large), headers={"Content-Encoding": "gzip"})
    assert bomb.status_code == 400
    assert "exceeds the limit" in bomb.json()["error"]["message"]
