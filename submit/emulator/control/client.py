"""Asks a running emulator, for the command line and for tests."""

from __future__ import annotations

import http.client
import json
from typing import Any

from submit.emulator.process import Endpoints
from submit.errors import ErrorKind, Problem, ServiceError, UsageError

_TIMEOUT_S = 120.0
"""A reset waits until all jobs have ended."""


def ask(endpoints: Endpoints, verb: str, path: str, body: Any = None, *, hint: str = "") -> Any:
    """Of the control API; `path` is below `/emulator/v1`, and `hint` says what to do if there is no such thing.

    Raises UsageError for what it refuses, with all problems, and ServiceError.
    """
    try:
        status, answer = send(endpoints, verb, f"/emulator/v1{path}", body)
    except OSError as error:
        raise ServiceError(
            f"the emulator does not answer: {error}", kind=ErrorKind.TRANSIENT, hint="See `submit emulator status`."
        ) from error
    if status == http.client.OK:
        return answer
    lines = answer["error"]["message"].splitlines()
    if answer["error"]["status"] == "INVALID_ARGUMENT":
        raise UsageError(Problem(message=line) for line in lines)
    kind = ErrorKind.NOT_FOUND if status == http.client.NOT_FOUND else ErrorKind.INVALID
    raise ServiceError("; ".join(lines), kind=kind, hint=hint)


def send(endpoints: Endpoints, verb: str, path: str, body: Any = None) -> tuple[int, Any]:
    """JSON to any of the APIs, past any proxy that the environment names: status and answer. Raises OSError."""
    connection = http.client.HTTPConnection(endpoints.address, endpoints.port, timeout=_TIMEOUT_S)
    try:
        content = None if body is None else json.dumps(body)
        connection.request(verb, path, body=content, headers={"Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()
