"""A folder without a build file becomes a setuptools source distribution, in memory. Pure.

Its `setup.py` holds literals only and is understood by every setuptools since Python 3.6, so that the oldest training
images install it. Name and version are `<folder>-0.0.0`, as ML Engine's client named them. All folders with Python
code are packages, with or without an `__init__.py`: `python -m` finds both.
"""

from __future__ import annotations

import keyword
from collections.abc import Mapping, Sequence

from submit.errors import Place, Problem, UsageError
from submit.package.archive import Member

VERSION = "0.0.0"

_SETUP = """\
# Written by `submit`: the folder has no build file of its own.
from setuptools import setup

setup(
    name={name},
    version={version},
    packages={packages},
    package_data={data},
    install_requires={requirements},
    zip_safe=False,
)
"""


def members(name: str, tree: Mapping[str, Member], requirements: Sequence[str]) -> dict[str, Member]:
    """The members of the archive for a package folder `name` with the files `tree`, named relative to the folder."""
    _check_name(name)
    if not any(path.endswith(".py") for path in tree):
        raise UsageError(
            f"`{name}` has no Python file that could be sent",
            hint="Name the folder of the trainer's package with `--package-path`; what `.gitignore` names stays out.",
        )
    packages = _packages(name, tree)
    setup = _SETUP.format(
        name=ascii(name),
        version=ascii(VERSION),
        packages=ascii(packages),
        data=ascii(_package_data(name, tree, packages)),
        requirements=ascii(list(requirements)),
    )
    return {
        **{f"{name}/{path}": member for path, member in tree.items()},
        "setup.py": Member(setup.encode("ascii")),
        "PKG-INFO": Member(_metadata(name, requirements).encode()),
    }


def warnings(name: str, tree: Mapping[str, Member]) -> tuple[Problem, ...]:
    if "__init__.py" in tree:
        return ()
    return (
        Problem(
            message="there is none: another package of this name in the job's image would be used instead",
            place=Place(file=f"{name}/__init__.py"),
            hint="Create it; it can be empty.",
            severity="warning",
        ),
    )


def top(name: str) -> str:
    """The name of the archive's top folder."""
    return f"{name}-{VERSION}"


def _check_name(name: str) -> None:
    if not name.isidentifier() or keyword.iskeyword(name):
        raise UsageError(
            f"`{name}` cannot be the name of a Python package",
            hint="Rename the folder, with letters, digits and `_`, or give it a `pyproject.toml`.",
        )


def _packages(name: str, tree: Mapping[str, Member]) -> list[str]:
    """Every folder that has Python code in it or below it, if all names on the way to it can be imported."""
    found = {name}
    for path in tree:
        folders = path.split("/")[:-1]
        if path.endswith(".py") and all(folder.isidentifier() for folder in folders):
            found |= {".".join([name, *folders[:depth]]) for depth in range(1, len(folders) + 1)}
    return sorted(found)


def _package_data(name: str, tree: Mapping[str, Member], packages: Sequence[str]) -> dict[str, list[str]]:
    """Everything that is not a module of a package, as patterns below the nearest package."""
    data: dict[str, list[str]] = {}
    for path in sorted(tree):
        *folders, file = path.split("/")
        depth = len(folders)
        while ".".join([name, *folders[:depth]]) not in packages:
            depth -= 1
        if depth < len(folders) or not file.endswith(".py"):
            data.setdefault(".".join([name, *folders[:depth]]), []).append(_literal("/".join([*folders[depth:], file])))
    return data


def _literal(path: str) -> str:
    """`package_data` takes patterns; a file's own name must match only itself."""
    from glob import escape  # 0.3 ms that a package which is made already can do without

    return escape(path)


def _metadata(name: str, requirements: Sequence[str]) -> str:
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {VERSION}"]
    return "\n".join([*lines, *(f"Requires-Dist: {requirement}" for requirement in requirements), ""])
