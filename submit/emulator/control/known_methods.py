"""Which methods there are that a fault may name, and which one a wrong name is meant to be. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from submit.emulator.control.faults import fits
from submit.emulator.control.method_names import STORAGE_NAMES, grpc_names, rest_names
from submit.emulator.rpc.messages import methods
from submit.suggest import nearest

_REST_ONLY = (
    ("POST", "/v1/projects/p/jobs"),
    ("GET", "/v1/projects/p/jobs"),
    ("GET", "/v1/projects/p/jobs/j"),
    ("PATCH", "/v1/projects/p/jobs/j"),
    ("POST", "/v1/projects/p/jobs/j:cancel"),
    ("GET", "/v1/projects/p/operations"),
    ("GET", "/v1/projects/p/operations/o"),
    ("GET", "/v1/projects/p:getConfig"),
    ("GET", "/v1/projects/p/services/s"),
    ("GET", "/v1/projects/-/serviceAccounts/a/allowedLocations"),
    ("POST", "/token"),
)
"""Requests of services that have no gRPC here."""


@cache
def known_names() -> frozenset[str]:
    """Whatever calls of the emulator's own methods are named by."""
    return frozenset(_names())


def is_known(pattern: str) -> bool:
    return fits(pattern, known_names())


def nearest_pattern(pattern: str) -> str | None:
    """The method, all methods of a resource (`storage.objects.*`) or one of all resources (`*.get`) that is meant."""
    heads = {f"{head}.*" for head, dot, _ in (name.rpartition(".") for name in known_names()) if dot}
    tails = {f"*.{tail}" for _, dot, tail in (name.rpartition(".") for name in known_names()) if dot}
    choices = heads if pattern.endswith("*") else tails if pattern.startswith("*") else known_names()
    return nearest(pattern, sorted(choices))


def _names() -> Iterator[str]:
    yield from STORAGE_NAMES
    for verb, path in _REST_ONLY:
        yield from rest_names(verb, path)
    for service, named in methods().items():
        for name in named:
            yield from grpc_names(f"/{service}/{name}")
