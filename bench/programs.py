"""Finds the programs that are compared; one that is not installed is reported and left out."""

from __future__ import annotations

import contextlib
import shutil
import sys
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path


class AbsentError(Exception):
    """Says in a few words what is not there."""


def submit() -> list[str]:
    """The console script of the interpreter that runs this, as users have it."""
    return [_script("submit")] if _beside("submit") else [sys.executable, "-m", "submit.cli"]


def gcloud() -> str:
    found = shutil.which("gcloud")
    if found is None:
        raise AbsentError("gcloud is not on PATH")
    return found


def torchx() -> str:
    library("torchx")
    return _script("torchx")


def uv() -> str:
    found = _script("uv") if _beside("uv") else shutil.which("uv")
    if found is None:
        raise AbsentError("uv is not installed")
    return found


def library(module: str) -> None:
    if find_spec(module) is None:
        raise AbsentError("not installed: pip install -e '.[bench]'")


def versions() -> str:
    """Of jobdir and those peers that are installed here."""
    found = []
    for name in ("jobdir", "torchx", "psij-python", "submitit", "uv"):
        with contextlib.suppress(PackageNotFoundError):
            found.append(f"{name} {version(name)}")
    return ", ".join(found)


def _beside(name: str) -> bool:
    return _path(name).is_file()


def _script(name: str) -> str:
    if not _beside(name):
        raise AbsentError(f"no script `{name}` beside {Path(sys.executable).name}")
    return str(_path(name))


def _path(name: str) -> Path:
    """Not resolved: a virtual environment's interpreter is a link to one that lies elsewhere."""
    return Path(sys.executable).parent / name
