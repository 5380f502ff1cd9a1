"""What packaging a tree gave, and its form in the cache. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any, NamedTuple

from submit.errors import Place, Problem
from submit.job import Package
from submit.package.archive import Member

_PACKAGES = ("package", "wheel")


class Artefacts(NamedTuple):
    """What building a project gives: the members of its source distribution below the folder `top`, and the wheel that
    comes of them, with its files as they will be installed."""

    filename: str
    top: str
    members: Mapping[str, Member]
    wheel: Package
    installed: Mapping[str, Member]


class Made(NamedTuple):
    """`package` is None if the project turned out not to be about the package folder.

    `wheel` is what installing it gives, where its own layout does not show that. `secrets` are errors unless allowed.
    """

    package: Package | None
    wheel: Package | None = None
    secrets: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()


def encode(made: Made) -> bytes:
    """A line of JSON, then the bytes of the archives one after the other."""
    archives = {name: archive for name in _PACKAGES if (archive := getattr(made, name))}
    header = {
        "packages": {name: {**_plain(archive), "data": len(archive.data)} for name, archive in archives.items()},
        "secrets": [json_of(problem) for problem in made.secrets],
        "warnings": [json_of(problem) for problem in made.warnings],
    }
    return b"\n".join([json.dumps(header).encode(), b"".join(archive.data for archive in archives.values())])


def decode(entry: bytes) -> Made:
    line, _, rest = entry.partition(b"\n")
    header = json.loads(line)
    archives: dict[str, Package] = {}
    for name, values in header["packages"].items():
        size = values.pop("data")
        archives[name] = Package(data=rest[:size], **{key: _frozen(value) for key, value in values.items()})
        rest = rest[size:]
    return Made(
        package=archives.get("package"),
        wheel=archives.get("wheel"),
        secrets=tuple(problem_of(values) for values in header["secrets"]),
        warnings=tuple(problem_of(values) for values in header["warnings"]),
    )


def json_of(problem: Problem) -> dict[str, Any]:
    return {**asdict(problem), "place": problem.place and problem.place._asdict()}


def problem_of(values: Mapping[str, Any]) -> Problem:
    """A problem from its JSON form."""
    place = values["place"]
    return Problem(**{**values, "place": Place(**place) if place else None})


def _plain(package: Package) -> dict[str, Any]:
    return {field.name: getattr(package, field.name) for field in fields(package) if field.name != "data"}


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
