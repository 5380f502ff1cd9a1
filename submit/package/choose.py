"""How a folder is packaged: by a build file of its own, by one beside it, or plainly. Pure; files are read by the
caller's function.

A build file in the folder wins. One beside it counts as ML Engine's users have it: `setup.py` always; a
`pyproject.toml` or `setup.cfg` only if what it builds holds the folder, for it may be about something else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from submit.errors import Place, Problem, UsageError

Read = Callable[[Path], bytes | None]

LEGACY = "setuptools.build_meta:__legacy__"
"""What runs a project that names no build backend: https://peps.python.org/pep-0517/#source-trees"""


class Project(NamedTuple):
    """A folder with a build file. `certain`: it is about the package, whatever it builds.

    `names`: what it says that it is called or packages; empty if it leaves that to the build.
    """

    root: Path
    file: str
    certain: bool = True
    requires: tuple[str, ...] = ("setuptools",)
    backend: str = LEGACY
    backend_path: tuple[str, ...] = ()
    dependencies: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    def is_about(self, package: str) -> bool:
        return package in self.names


class Dependencies(NamedTuple):
    """A `pyproject.toml` that lists what the code needs but builds nothing, as uv's and Poetry's projects may."""

    file: Path
    requirements: tuple[str, ...]


def choose(folder: Path, read: Read) -> Project | Dependencies | None:
    """`folder` is absolute. None: neither the folder nor its parent has a build file."""
    inside = _inspect(folder, read)
    if isinstance(inside, Project):
        return inside
    if inside and read(folder / "__init__.py") is not None:
        return inside
    if inside:
        return Project(root=folder, file="pyproject.toml")
    beside = _inspect(folder.parent, read)
    if isinstance(beside, Project) and beside.file != "setup.py" and not beside.is_about(folder.name):
        return beside._replace(certain=read(folder.parent / "setup.py") is not None)
    return beside


def _inspect(folder: Path, read: Read) -> Project | Dependencies | None:
    table = _toml(folder / "pyproject.toml", read)
    if _builds(table):
        return _project(folder, table)
    if read(folder / "setup.py") is not None:
        return Project(root=folder, file="setup.py")
    if re.search(rb"(?m)^\[metadata\]", read(folder / "setup.cfg") or b""):
        return Project(root=folder, file="setup.cfg")
    if "project" in table:
        return Dependencies(file=folder / "pyproject.toml", requirements=_dependencies(table))
    return None


def _builds(table: Mapping[str, Any]) -> bool:
    tool = _table(table, "tool")
    if _table(tool, "uv").get("package") is False or _table(tool, "poetry").get("package-mode") is False:
        return False
    return "build-system" in table or "setuptools" in tool


def _project(folder: Path, table: Mapping[str, Any]) -> Project:
    system = _table(table, "build-system")
    return Project(
        root=folder,
        file="pyproject.toml",
        requires=_strings(system, "requires") or ("setuptools",),
        backend=str(system.get("build-backend", LEGACY)),
        backend_path=_strings(system, "backend-path"),
        dependencies=_dependencies(table),
        names=_names(table),
    )


def _names(table: Mapping[str, Any]) -> tuple[str, ...]:
    tool = _table(table, "tool")
    named = [_table(table, "project").get("name"), _table(tool, "poetry").get("name")]
    return tuple(str(name).replace("-", "_") for name in named if name) + _strings(
        _table(tool, "setuptools"), "packages"
    )


def _dependencies(table: Mapping[str, Any]) -> tuple[str, ...]:
    return _strings(_table(table, "project"), "dependencies")


def _table(parent: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = parent.get(key)
    return value if isinstance(value, dict) else {}


def _strings(parent: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = parent.get(key)
    return tuple(str(item) for item in value) if isinstance(value, list) else ()


def _toml(file: Path, read: Read) -> dict[str, Any]:
    data = read(file)
    if data is None:
        return {}
    import tomllib

    try:
        return tomllib.loads(data.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        where = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        line, column = (int(where[1]), int(where[2])) if where else (0, 0)
        message = str(error).partition(" (at ")[0]
        problem = Problem(message=f"not TOML: {message}", place=Place(file=str(file), line=line, column=column))
        raise UsageError(problem) from error
