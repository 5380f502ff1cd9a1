"""Which packages setuptools finds in a tree. Pure.

https://setuptools.pypa.io/en/latest/userguide/package_discovery.html; the cases that are not done here end in None.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

# What is not taken for a package at the top of a project: `FlatLayoutPackageFinder` in setuptools/discovery.py
_RESERVED = (
    *("ci", "bin", "debian", "doc", "docs", "documentation", "manpages", "news", "newsfragments", "changelog"),
    *("test", "tests", "unit_test", "unit_tests", "example", "examples", "scripts", "tools", "util", "utils"),
    *("python", "build", "dist", "venv", "env", "requirements", "tasks", "fabfile", "site_scons"),
    *("benchmark", "benchmarks", "exercise", "exercises", "htmlcov", "[._]*"),
)


class Found(NamedTuple):
    """Packages, and the folders of some of them as `package-dir` says it; "" is for those that it does not name.
    `listed`: by the project, so that each has to be there whatever travels."""

    packages: tuple[str, ...]
    package_dir: Mapping[str, str] = {}
    listed: bool = False


def discover(options: Mapping[str, Any], tree: Collection[str]) -> Found | None:
    """`options` is the table `tool.setuptools`, `tree` the paths of the project's files."""
    packages, package_dir = options.get("packages"), options.get("package-dir")
    if isinstance(packages, list):
        return Found(tuple(packages), package_dir or {}, listed=True) if packages else None
    if package_dir is not None:
        return None
    found = _automatic(tree) if packages is None else _as_told(packages["find"], tree)
    return found if found and found.packages else None


def _as_told(options: Mapping[str, Any], tree: Collection[str]) -> Found | None:
    where, *more = options.get("where", ["."])
    if more:
        return None
    patterns = {"include": tuple(options.get("include", ["*"])), "exclude": tuple(options.get("exclude", ()))}
    prefix = "" if where == "." else f"{where}/"
    namespaces = options.get("namespaces", True)
    packages = find(tree, prefix, lambda folder: namespaces or f"{prefix}{folder}/__init__.py" in tree, **patterns)
    return Found(packages, {"": where} if prefix else {})


def _automatic(tree: Collection[str]) -> Found | None:
    """All that is in `src`, or the one package at the top; several are an error, and modules are not done here."""
    if any(path.startswith("src/") for path in tree):
        modules = any(path.endswith(".py") and path.count("/") == 1 for path in tree if path.startswith("src/"))
        return None if modules else Found(find(tree, "src/", lambda _: True), {"": "src"})
    reserved = tuple(pattern for name in _RESERVED for pattern in (name, f"{name}.*"))
    packages = find(tree, "", lambda folder: all(map(str.isidentifier, folder.split("/"))), exclude=reserved)
    tops = {package.partition(".")[0] for package in packages}
    return Found(packages) if len(tops) == 1 else None


def find(
    tree: Collection[str],
    prefix: str,
    may_be: Callable[[str], bool],
    *,
    include: tuple[str, ...] = ("*",),
    exclude: tuple[str, ...] = (),
) -> tuple[str, ...]:
    """The packages below the folder `prefix` ("" or ending in `/`). `may_be` judges a folder relative to it."""
    entered, found = {""}, []
    for folder in sorted(_folders(tree, prefix)):
        parent, _, name = folder.rpartition("/")
        package = folder.replace("/", ".")
        if parent not in entered or "." in name or not may_be(folder):
            continue
        if _matches(package, include) and not _matches(package, exclude):
            found.append(package)
        if not {f"{package}*", f"{package}.*"} & set(exclude):
            entered.add(folder)
    return tuple(found)


def _folders(tree: Collection[str], prefix: str) -> set[str]:
    ways = [path.removeprefix(prefix).split("/")[:-1] for path in tree if path.startswith(prefix)]
    return {"/".join(way[:depth]) for way in ways for depth in range(1, len(way) + 1)}


def _matches(package: str, patterns: Collection[str]) -> bool:
    return any(fnmatchcase(package, pattern) for pattern in patterns)
