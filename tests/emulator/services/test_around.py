"""What clients ask beside jobs."""

from __future__ import annotations

from typing import Any

import grpc
import httpx
from google.cloud.resourcemanager_v3 import ProjectsClient
from google.cloud.resourcemanager_v3.services.projects.transports.grpc import ProjectsGrpcTransport

from submit.emulator.services.projects import number_of
from tests.emulator.services.conftest import PARENT, Emulator, custom_job


def test_a_project_has_one_number_everywhere(emulator: Emulator) -> None:
    client = ProjectsClient(transport=ProjectsGrpcTransport(channel=grpc.insecure_channel(emulator.target)))
    project: Any = client.get_project(name="projects/demo")
    assert (project.name, project.project_id) == (f"projects/{number_of('demo')}", "demo")
    assert httpx.get(f"{emulator.url}/v3/projects/demo").json()["name"] == project.name
    assert httpx.get(f"{emulator.url}/v1/projects/demo").json()["projectNumber"] == number_of("demo")


def test_a_token_is_given_to_whoever_asks(emulator: Emulator) -> None:
    answer = httpx.post(f"{emulator.url}/token", data={"grant_type": "refresh_token"})
    assert (answer.status_code, answer.json()["token_type"]) == (200, "Bearer")


def test_locations_are_listed(emulator: Emulator) -> None:
    answer = httpx.get(f"{emulator.url}/v1/projects/demo/locations?pageSize=1000").json()
    assert {"name": PARENT, "locationId": "us-central1"} in answer["locations"]


def test_an_unknown_path_is_named(emulator: Emulator) -> None:
    answer = httpx.get(f"{emulator.url}/v9/things")
    assert answer.status_code == 501
    assert "GET /v9/things" in answer.json()["error"]["message"]


def test_both_versions_show_the_same_jobs(emulator: Emulator) -> None:
    made = httpx.post(f"{emulator.url}/v1beta1/{PARENT}/customJobs", json=custom_job("")).json()
    shown = httpx.get(f"{emulator.url}/v1/{made['name']}").json()
    assert (shown["name"], shown["jobSpec"]) == (made["name"], made["jobSpec"])


def test_a_location_that_is_none_is_refused(emulator: Emulator) -> None:
    answer = httpx.post(f"{emulator.url}/v1/projects/demo/locations/mars-1/customJobs", json=custom_job(""))
    assert answer.status_code == 400
    assert "mars-1" in answer.json()["error"]["message"]
