"""Which files of a declarative project setuptools puts into its archive, and where it installs them. Pure.

As `build_py`, `sdist` and `egg_info` of setuptools have it, with data patterns as Python's `glob` reads them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial

from submit.package.declared import Declared

_READMES = ("README", "README.rst", "README.txt", "README.md")
_LICENSES = ("LICEN[CS]E*", "COPYING*", "NOTICE*", "AUTHORS*")
_EVERY_PACKAGE = ("*.pyi", "py.typed")
_PRUNED = re.compile(r"build/|(.*/)?(RCS|CVS|\.svn|\.hg|\.git|\.bzr|_darcs)/")


@dataclass(frozen=True, slots=True)
class Layout:
    """`shipped`: paths of the tree that the archive holds. `modules`, `data`: installed path to path of the tree."""

    shipped: tuple[str, ...]
    modules: Mapping[str, str]
    data: Mapping[str, str]


def lay_out(declared: Declared, tree: Collection[str]) -> Layout | None:
    """None: files that setuptools itself writes or leaves out would play a part."""
    pruned = f"-{declared.version}"
    if any(_PRUNED.match(path) or path.partition("/")[0].endswith(pruned) for path in tree):
        return None
    if not all(_can_be_known(declared, package) for package in declared.folders):
        return None
    within = {package: _below(folder, tree) for package, folder in declared.folders.items()}
    at = partial(_at, declared)
    modules = [at(package, name) for package, names in within.items() for name in names if _is_module(name)]
    data = [at(package, name) for package, names in within.items() for name in _matching(declared, package, names)]
    shipped = {written for _, written in (*modules, *data)} | set(_always(declared, tree))
    if declared.listed and not all(_below(folder, set(map(_plain, shipped))) for folder in declared.folders.values()):
        return None  # the archive could not be installed: a package's folder is not in it
    if declared.include_data:
        data += [at(*owned) for written in shipped if (owned := _owner(declared, written))]
    return _laid_out(shipped, modules, data)


_Placed = tuple[str, str]  # installed path, and the path in the tree as setuptools writes it


def _at(declared: Declared, package: str, name: str) -> _Placed:
    return f"{package.replace('.', '/')}/{name}", f"{declared.folders[package]}/{name}"


def _laid_out(shipped: Collection[str], modules: Sequence[_Placed], data: Sequence[_Placed]) -> Layout | None:
    if len({place for place, _ in (*modules, *data)}) < len({*modules, *data}):
        return None  # two files for one place
    return Layout(
        shipped=tuple(sorted(set(map(_plain, shipped)))),
        modules={place: _plain(written) for place, written in modules},
        data={place: _plain(written) for place, written in data},
    )


def _can_be_known(declared: Declared, package: str) -> bool:
    """Whether its folder has a plain name, and no pattern takes what a build leaves at the top, should it be there."""
    folder = declared.folders[package]
    at_top = "/" not in folder and folder != package
    made = ("PKG-INFO", "setup.cfg", "build", f"{declared.name}.egg-info") if at_top else ()
    firsts = [pattern.partition("/")[0] for pattern in _patterns(declared, package)]
    return not set(folder) & set("*?[\\") and not any(fnmatchcase(name, first) for name in made for first in firsts)


def _patterns(declared: Declared, package: str) -> tuple[str, ...]:
    return (*_EVERY_PACKAGE, *declared.data.get("", ()), *declared.data.get(package, ()))


def _below(folder: str, tree: Collection[str]) -> tuple[str, ...]:
    prefix = _plain(f"{folder}/")
    return tuple(path.removeprefix(prefix) for path in tree if path.startswith(prefix))


def _is_module(name: str) -> bool:
    return "/" not in name and name.endswith(".py") and not name.startswith(".")


def _matching(declared: Declared, package: str, names: Collection[str]) -> Iterator[str]:
    patterns = [pattern.split("/") for pattern in _patterns(declared, package)]
    return (name for name in names if any(_fits(name.split("/"), pattern) for pattern in patterns))


def _fits(way: Sequence[str], pattern: Sequence[str]) -> bool:
    """As `glob` matches: `**` is any number of folders, and a dot in front of a name has to be asked for."""
    if not way or not pattern:
        return not way and not pattern
    first, rest = pattern[0], pattern[1:]
    if first == "**":
        if not rest:
            return not any(name.startswith(".") for name in way)
        return _fits(way, rest) or (not way[0].startswith(".") and _fits(way[1:], pattern))
    asked_for = first.startswith(".") or first == way[0] or not way[0].startswith(".")
    return asked_for and fnmatchcase(way[0], first) and _fits(way[1:], rest)


def _always(declared: Declared, tree: Collection[str]) -> Iterator[str]:
    """What stands at the top of every archive, as far as the project has it, and the tests."""
    yield "pyproject.toml"
    yield from [name for name in _READMES if name in tree][:1]
    yield from filter(None, [declared.readme])
    yield from (path for path in tree if "/" not in path and any(fnmatchcase(path, name) for name in _LICENSES))
    yield from (path for path in tree if re.fullmatch(r"tests?/test[^/]*\.py", path))


def _owner(declared: Declared, written: str) -> tuple[str, str] | None:
    """The package in whose folder a file of the archive lies, the nearest one, and the file's way from there."""
    packages = {folder: package for package, folder in declared.folders.items()}
    parts = written.split("/")
    for depth in range(len(parts) - 1, 0, -1):
        package = packages.get("/".join(parts[:depth]))
        if package is not None:
            return (package, "/".join(parts[depth:])) if not _is_code(parts[depth:]) else None
    return None


def _is_code(way: Sequence[str]) -> bool:
    return len(way) == 1 and way[0].endswith(".py") and way[0].removesuffix(".py").isidentifier()


def _plain(written: str) -> str:
    """Without the dot of a package whose folder is the top."""
    return written.removeprefix("./")
