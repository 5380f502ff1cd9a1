"""A `pyproject.toml` that leaves nothing to code: what setuptools makes of it is known without running it. Pure.

https://setuptools.pypa.io/en/latest/userguide/pyproject_config.html. Whatever is not known here exactly, key or value,
is setuptools' to judge: then there is no declaration, and the project is built by its hooks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from submit.package.discovery import Found, discover
from submit.package.requirements import normal_form

Check = Callable[[Any], bool]

_CODE = ("setup.py", "setup.cfg", "MANIFEST.in")
_BACKENDS = ("setuptools.build_meta", "setuptools.build_meta:__legacy__")
_VERSION = r"(0|[1-9]\d*)(\.(0|[1-9]\d*))*"
_LIMIT = rf"\s*(>=|<=|<|>|==|!=)\s*{_VERSION}\s*"
_MODULE = r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*"
_FOLDER = r"\.|[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*"
_PATTERN = r"(?!/)(?!(.*/)?\.{0,2}(/|$))[^\\]+"
_TOOL = r"setuptools(?:\s*>=\s*(\d+)(?:\.\d+)*)?|wheel(?:\s*>=\s*[\d.]+)?"
_LICENSES = ("Apache-2.0", "MIT", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MPL-2.0", "GPL-3.0-only", "GPL-3.0-or-later")


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What a project says of itself. `folders`: package to its folder in the tree, "." for the top; `listed`: all of
    them have to be there; `data`: package, or "" for all, to patterns below its folder; `include_data`: packages also
    get data files that the archive has."""

    name: str
    version: str
    summary: str
    readme: str | None
    requires_python: str
    requirements: tuple[str, ...]
    extras: Mapping[str, tuple[str, ...]]
    folders: Mapping[str, str]
    listed: bool
    data: Mapping[str, tuple[str, ...]]
    include_data: bool


def read(table: Mapping[str, Any], tree: Collection[str], setuptools: str | None) -> Declared | None:
    """The declaration in the `pyproject.toml` of a tree with these paths, if `setuptools` is recent enough for it."""
    if not _is_known(table, _TABLES) or not _is_built_by(setuptools, table.get("build-system", {})):
        return None
    project, options = table.get("project", {}), table.get("tool", {}).get("setuptools", {})
    readme = project.get("readme", "pyproject.toml")
    if not {"name", "version"} <= set(project) or readme not in tree or any(path in tree for path in _CODE):
        return None
    found = discover(options, tree)
    return _declared(project, options, found) if found else None


def _declared(project: Mapping[str, Any], options: Mapping[str, Any], found: Found) -> Declared | None:
    requirements = _normal(project.get("dependencies", []))
    extras = {name: _normal(needed) for name, needed in project.get("optional-dependencies", {}).items()}
    if requirements is None or None in extras.values():
        return None
    return Declared(
        name=project["name"],
        version=project["version"],
        summary=project.get("description", ""),
        readme=project.get("readme"),
        requires_python=",".join(sorted(re.sub(r"\s", "", project.get("requires-python", "")).split(","))),
        requirements=requirements,
        extras={name: needed for name, needed in extras.items() if needed is not None},
        folders={package: folder_of(package, found.package_dir) for package in found.packages},
        listed=found.listed,
        data={key.strip("*"): tuple(patterns) for key, patterns in options.get("package-data", {}).items()},
        include_data=options.get("include-package-data", True),
    )


def folder_of(package: str, package_dir: Mapping[str, str]) -> str:
    """The folder of a package: that of the nearest package above which has one named, and the way down from there."""
    parts = package.split(".")
    for depth in range(len(parts), 0, -1):
        named = package_dir.get(".".join(parts[:depth]))
        if named is not None:
            return "/".join([named, *parts[depth:]])
    return "/".join([*filter(None, [package_dir.get("")]), *parts])


def _is_built_by(setuptools: str | None, system: Mapping[str, Any]) -> bool:
    """Whether the installed setuptools, and no other tool, builds the project."""
    oldest = [int(match[1] or 0) for text in system.get("requires", ()) if (match := re.fullmatch(_TOOL, text))]
    return setuptools is not None and max(oldest, default=0) < int(setuptools.partition(".")[0])


def _normal(requirements: list[str]) -> tuple[str, ...] | None:
    normal = [normal_form(text) for text in requirements]
    known = tuple(text for text in normal if text is not None)
    return known if len(known) == len(normal) else None


def _is_known(table: Any, checks: Mapping[str, Check]) -> bool:
    """Whether each key of a table is one of these, with a value that is understood."""
    return isinstance(table, dict) and all(key in checks and checks[key](value) for key, value in table.items())


def _text(pattern: str) -> Check:
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value, re.ASCII) is not None


def _list(item: Check) -> Check:
    return lambda value: isinstance(value, list) and all(map(item, value))


def _table(key: Check, item: Check) -> Check:
    return lambda value: isinstance(value, dict) and all(map(key, value)) and all(map(item, value.values()))


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


def _person(value: Any) -> bool:
    return _is_known(value, {"name": _text(r"[^\n,]+"), "email": _text(r"[\w.+-]+@[\w-]+(\.[\w-]+)+")})


def _packages(value: Any) -> bool:
    names = _list(_text(_MODULE))
    find = {"where": _list(_text(_FOLDER)), "include": _list(_text(r"[\w.*-]+")), "exclude": _list(_text(r"[\w.*-]+"))}
    if isinstance(value, list):
        return names(value) and len(set(value)) == len(value)
    return _is_known(value, {"find": lambda options: _is_known(options, {**find, "namespaces": _flag})})


_LINES = _list(_text(r"[^\n,]+"))
_SYSTEM: dict[str, Check] = {"requires": _list(_text(_TOOL)), "build-backend": lambda value: value in _BACKENDS}
_PROJECT: dict[str, Check] = {
    "name": _text(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?"),
    "version": _text(_VERSION),
    "description": _text(r"[^\n]*"),
    "readme": _text(r"[\w-]+\.(md|rst|txt)"),
    "requires-python": _text(rf"{_LIMIT}(,{_LIMIT})*"),
    "license": lambda value: value in _LICENSES,
    "authors": _list(_person),
    "maintainers": _list(_person),
    "keywords": _LINES,
    "classifiers": _list(_text(r"(?!License)[^:\n]+( :: [^:\n]+)+")),
    "urls": _table(_text(r"[\w -]{1,32}"), _text(r"https?://[\w./#-]+")),
    "dependencies": _list(_text(r"[^\n]+")),
    "optional-dependencies": _table(_text(r"[a-z0-9]+(-[a-z0-9]+)*"), _list(_text(r"[^\n]+"))),
}
_OPTIONS: dict[str, Check] = {
    "packages": _packages,
    "package-dir": _table(_text(f"|{_MODULE}"), _text(_FOLDER)),
    "package-data": _table(_text(rf"\*|{_MODULE}"), _list(_text(_PATTERN))),
    "include-package-data": _flag,
    "zip-safe": _flag,
}
_TABLES: dict[str, Check] = {
    "build-system": lambda value: _is_known(value, _SYSTEM),
    "project": lambda value: _is_known(value, _PROJECT),
    "tool": lambda value: (
        isinstance(value, dict)
        and _is_known(value.get("setuptools", {}), _OPTIONS)
        # those speak to setuptools as well
        and not {"distutils", "setuptools_scm", "setuptools-git-versioning", "pbr"} & set(value)
    ),
    "dependency-groups": lambda _: True,
}
