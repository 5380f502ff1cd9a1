"""What clients ask beside jobs: who a project is, and for a token.

Every project exists here. Its number follows from its name.
https://cloud.google.com/resource-manager/reference/rest, https://developers.google.com/identity/protocols/oauth2
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from submit.emulator.rpc.errors import RpcError
from submit.emulator.rpc.messages import enum_numbers, message_class
from submit.emulator.services.json_app import Question, Routes
from submit.emulator.services.records import Record

SERVICE = "google.cloud.resourcemanager.v3.Projects"
_PACKAGE = "google.cloud.resourcemanager.v3"
_TOKEN_SECONDS = 3600


def number_of(project: str) -> str:
    """A project's number, as text; that of a number is itself."""
    if project.isdecimal():
        return project
    return str(10**11 + int(hashlib.sha256(project.encode()).hexdigest(), 16) % 10**11)


async def _get_project(request: Any) -> Any:
    project = request.name.removeprefix("projects/")
    shown = message_class(f"{_PACKAGE}.Project")(name=f"projects/{number_of(project)}", project_id=project)
    shown.display_name = project
    shown.state = enum_numbers(f"{_PACKAGE}.Project.State")["ACTIVE"]
    return shown


def methods() -> dict[str, Callable[..., Any]]:
    return {"GetProject": _get_project}


async def _project_v1(question: Question) -> Record:
    project = question.path["project"]
    return {
        "projectId": project,
        "projectNumber": number_of(project),
        "name": project,
        "lifecycleState": "ACTIVE",
    }


async def _token(_: Question) -> Record:
    """Nothing here checks it."""
    return {"access_token": "local", "token_type": "Bearer", "expires_in": _TOKEN_SECONDS}


async def _service(question: Question) -> Record:
    name = f"projects/{number_of(question.path['project'])}/services/{question.path['service']}"
    return {"name": name, "parent": name.partition("/services")[0], "state": "ENABLED"}


async def _no_allowed_locations(_: Question) -> Record:
    """google-auth asks this of every service account, and goes on without an answer."""
    raise RpcError("NOT_FOUND", "Service accounts are not kept here.")


def routes() -> Routes:
    return [
        ("GET", "/v1/projects/{project}", _project_v1),
        ("POST", "/token", _token),
        ("POST", "/oauth2/v4/token", _token),
        ("POST", "/o/oauth2/token", _token),
        ("GET", "/v1/projects/{project}/services/{service}", _service),
        ("GET", "/v1/projects/-/serviceAccounts/{account}/allowedLocations", _no_allowed_locations),
    ]
