"""What a call is named by those who make it: `aiplatform.customJobs.create`, `JobService.CreateCustomJob`. Pure.

REST names are those of Google's discovery documents, with and without `projects.locations`; what both protocols have
has the names of both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from submit.emulator.rpc.messages import Method, methods

_VARIABLE = re.compile(r"\{[\w.]+(?:=([^}]+))?\}")
_PARENTS = ("projects", "locations")
_OF_ONE = {"GET": "get", "PATCH": "patch", "PUT": "update", "DELETE": "delete", "POST": "create"}
_OF_MANY = {**_OF_ONE, "GET": "list"}
_BELOW_PROJECT = {"jobs": "ml", "operations": "ml", "services": "serviceusage", "serviceAccounts": "iam"}
_VERSIONS = {"v2": "logging", "v3": "cloudresourcemanager", "v1beta1": "aiplatform", "ui": "aiplatform"}
_STORAGE_PREFIX = re.compile(r"(?:/(?:resumable/)?upload|/download)?/storage/v1/")
_STORAGE = {
    ("GET", "projects/*/serviceAccount"): "projects.serviceAccount.get",
    ("GET", "b"): "buckets.list",
    ("POST", "b"): "buckets.insert",
    ("GET", "b/*"): "buckets.get",
    ("PATCH", "b/*"): "buckets.patch",
    ("PUT", "b/*"): "buckets.update",
    ("DELETE", "b/*"): "buckets.delete",
    ("GET", "b/*/iam"): "buckets.getIamPolicy",
    ("PUT", "b/*/iam"): "buckets.setIamPolicy",
    ("GET", "b/*/iam/testPermissions"): "buckets.testIamPermissions",
    ("GET", "b/*/storageLayout"): "buckets.getStorageLayout",
    ("GET", "b/*/o"): "objects.list",
    ("POST", "b/*/o"): "objects.insert",
    ("PUT", "b/*/o"): "objects.insert",  # a chunk of a resumable upload
    ("DELETE", "b/*/o"): "objects.insert",  # the end of one that is given up
    ("GET", "b/*/o/*"): "objects.get",
    ("PATCH", "b/*/o/*"): "objects.patch",
    ("PUT", "b/*/o/*"): "objects.update",
    ("DELETE", "b/*/o/*"): "objects.delete",
    ("POST", "b/*/o/*/compose"): "objects.compose",
    ("POST", "b/*/o/*/copyTo/b/*/o/*"): "objects.copy",
    ("POST", "b/*/o/*/rewriteTo/b/*/o/*"): "objects.rewrite",
    ("POST", "b/*/o/*/moveTo/o/*"): "objects.move",
}
_STORAGE_ELSE = ("batch", "other", "objects.other")
STORAGE_NAMES = tuple(dict.fromkeys(f"storage.{name}" for name in (*_STORAGE.values(), *_STORAGE_ELSE)))
"""All that a request to Cloud Storage may be named; the last ones are of what has no name of its own."""
_XML = {"GET": "get", "HEAD": "get", "PUT": "insert", "POST": "insert", "DELETE": "delete"}


def rest_names(verb: str, path: str) -> tuple[str, ...]:
    """Of a request; `path` is raw (quoted), without its query."""
    if _STORAGE_PREFIX.match(path) or path.startswith("/batch"):
        return (_storage_name("GET" if verb == "HEAD" else verb, path),)
    version, _, rest = path.removeprefix("/").partition("/")
    if version in ("token", "oauth2", "o"):
        return ("oauth2.token",)
    if version != "v1" and version not in _VERSIONS:
        return (_xml_name(verb, rest),)
    name = _discovery_name(version, rest, verb)
    return tuple(dict.fromkeys([name, _short(name), *_methods_of().get((version, name), ())]))


def grpc_names(path: str) -> tuple[str, ...]:
    """Of a call: `/google.cloud.aiplatform.v1.JobService/CreateCustomJob`."""
    service, _, name = path.removeprefix("/").rpartition("/")
    known = methods().get(service, {}).get(name)
    rest = [name for _, name in _rest_names_of(known)] if known else []
    return tuple(dict.fromkeys([*_rpc_names(service, name), *rest, *map(_short, rest)]))


def _storage_name(verb: str, path: str) -> str:
    parts = _STORAGE_PREFIX.sub("", path, count=1).split("/")
    found = (name for (known, pattern), name in _STORAGE.items() if known == verb and _fits(pattern.split("/"), parts))
    return f"storage.{next(found, 'batch' if path.startswith('/batch') else 'other')}"


def _fits(pattern: list[str], parts: list[str]) -> bool:
    return len(pattern) == len(parts) and all(place in ("*", part) for place, part in zip(pattern, parts, strict=True))


def _xml_name(verb: str, below_bucket: str) -> str:
    action = _XML.get(verb, "other") if below_bucket or verb != "GET" else "list"
    return f"storage.objects.{action}"


def _discovery_name(version: str, rest: str, verb: str) -> str:
    """`projects/p/locations/r/customJobs/1:cancel` -> `aiplatform.projects.locations.customJobs.cancel`."""
    plain, _, custom = rest.partition(":")
    parts = plain.strip("/").split("/")
    action = custom or (_OF_ONE if len(parts) % 2 == 0 else _OF_MANY).get(verb, verb.lower())
    return ".".join([_service(version, parts, custom), *parts[::2], action])


def _service(version: str, parts: list[str], custom: str) -> str:
    if version in _VERSIONS:
        return _VERSIONS[version]
    if len(parts) > 2:
        return _BELOW_PROJECT.get(parts[2], "aiplatform")
    return "ml" if custom == "getConfig" else "cloudresourcemanager"


def _short(name: str) -> str:
    return ".".join(part for part in name.split(".") if part not in _PARENTS)


def _rpc_names(service: str, name: str) -> Iterable[str]:
    short = service.rpartition(".")[2]
    return (f"{short}.{name}", f"{service}.{name}", f"{service}/{name}")


def _rest_names_of(method: Method) -> list[tuple[str, str]]:
    """Version and REST name of each of the method's rules."""
    found = []
    for rule in method.rules:
        version, _, rest = _VARIABLE.sub(lambda match: match[1] or "*", rule.template).removeprefix("/").partition("/")
        found.append((version, _discovery_name(version, rest, rule.verb)))
    return found


@cache
def _methods_of() -> dict[tuple[str, str], tuple[str, ...]]:
    """The names over gRPC of what REST names so."""
    table: dict[tuple[str, str], tuple[str, ...]] = {}
    for service in methods().values():
        for method in service.values():
            for key in _rest_names_of(method):
                table[key] = (*table.get(key, ()), *_rpc_names(method.service, method.name))
    return table
