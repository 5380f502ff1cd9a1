"""The methods that we call, as HTTP requests: verb, path, and which field of the request is the body.

https://cloud.google.com/vertex-ai/docs/reference/rest https://cloud.google.com/storage/docs/json_api/v1
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import cast
from urllib.parse import quote, urlencode

from submit.errors import ErrorKind, ServiceError
from submit.status import JsonObject
from submit.steps import Call


@dataclass(frozen=True, slots=True)
class Method:
    """`path` has the request's fields in braces; those with slashes in them as `{+name}`.

    `body` names the field that is the body; `*` is all that the path leaves; "" sends the rest as the query.
    """

    verb: str
    path: str
    body: str = ""


def _jobs(kind: str, body: str) -> dict[str, Method]:
    return {
        f"projects.locations.{kind}.create": Method("POST", f"/v1/{{+parent}}/{kind}", body),
        f"projects.locations.{kind}.list": Method("GET", f"/v1/{{+parent}}/{kind}"),
        f"projects.locations.{kind}.get": Method("GET", "/v1/{+name}"),
        f"projects.locations.{kind}.cancel": Method("POST", "/v1/{+name}:cancel", "*"),
        f"projects.locations.{kind}.delete": Method("DELETE", "/v1/{+name}"),
    }


_EMULATOR = {"emulator.endpoints": Method("GET", "/emulator/v1/endpoints")}
"""which only the emulator has"""

METHODS = {
    "aiplatform": {
        **_jobs("customJobs", "customJob"),
        **_jobs("hyperparameterTuningJobs", "hyperparameterTuningJob"),
        **_EMULATOR,
        "projects.locations.operations.get": Method("GET", "/v1/{+name}"),
    },
    "ml": {
        **_EMULATOR,
        "projects.jobs.create": Method("POST", "/v1/{+parent}/jobs", "job"),
        "projects.jobs.list": Method("GET", "/v1/{+parent}/jobs"),
        "projects.jobs.get": Method("GET", "/v1/{+name}"),
        "projects.jobs.cancel": Method("POST", "/v1/{+name}:cancel", "*"),
    },
    "logging": {"entries.list": Method("POST", "/v2/entries:list", "*")},
    "storage": {
        "buckets.get": Method("GET", "/storage/v1/b/{bucket}"),
        "buckets.list": Method("GET", "/storage/v1/b"),
        "buckets.insert": Method("POST", "/storage/v1/b", "resource"),
        "objects.get": Method("GET", "/storage/v1/b/{bucket}/o/{object}"),
    },
}

_READING = ("entries.list",)
_REPEATABLE = (".cancel",)


def is_repeatable(call: Call) -> bool:
    """Whether a call does no harm if it is made twice: it only reads, or ends what has been ended.

    A deletion that is made twice is told that there is nothing: its conversation sees to that.
    """
    return not call.changes or call.method in _READING or call.method.endswith(_REPEATABLE)


def as_http(call: Call) -> tuple[str, str, JsonObject | None]:
    """Verb, path with its query, and the body."""
    method = METHODS[call.api].get(call.method)
    if method is None:
        raise ServiceError(f"`{call.api}` has no method `{call.method}`", kind=ErrorKind.INTERNAL)
    left = dict(call.request)

    def fill(field: re.Match[str]) -> str:
        return quote(str(left.pop(field[2])), safe="/" if field[1] else "")

    path = re.sub(r"\{(\+?)(\w+)\}", fill, method.path)
    if method.body == "*":
        return method.verb, path, left
    body = cast(JsonObject, left.pop(method.body)) if method.body else None
    query = urlencode([(key, value) for key, value in left.items() if value not in (None, "")])
    return method.verb, f"{path}?{query}" if query else path, body
