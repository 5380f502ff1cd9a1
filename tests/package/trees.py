"""Trees of files for the tests of packaging."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from submit.errors import UsageError
from submit.package import Built, build

FIND_PACKAGES = (
    "from setuptools import setup, find_packages\nsetup(name='trainer', version='1.2', packages=find_packages())\n"
)


def grow(root: Path, files: Mapping[str, str | bytes]) -> Path:
    """Writes the files below `root` and returns it."""
    for path, content in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def refusal(path: Path, **options: bool) -> UsageError:
    """The error that packaging a tree ends with."""
    try:
        build(path, cache=None, **options)  # type: ignore[arg-type]  # only flags are passed on
    except UsageError as error:
        return error
    raise AssertionError(f"{path} was packaged")


def warned(built: Built) -> list[tuple[str, str]]:
    """Sentence and hint of every warning."""
    return [(str(problem), problem.hint) for problem in built.problems]
