"""The door to what this interpreter is: results of building and of trying packages depend on it."""

from __future__ import annotations

import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

_SITES = ("site-packages", "dist-packages")
"""What folders of installed packages are called: https://docs.python.org/3/library/site.html, and Debian's."""


def versions() -> str:
    """What a build depends on besides the tree: the interpreter and its setuptools."""
    return f"python {'.'.join(map(str, sys.version_info[:3]))} setuptools {setuptools_version()}"


def interpreter() -> list[str | int]:
    """What a trial depends on besides the packages: the interpreter, and when something was last installed into it."""
    sites = (Path(entry) for entry in sys.path if entry.endswith(_SITES))
    return [sys.executable, sys.version, *(site.stat().st_mtime_ns for site in sites if site.exists())]


@cache
def setuptools_version() -> str | None:
    """From the name of its metadata folder: `importlib.metadata` alone takes 9 ms to load."""
    spec = find_spec("setuptools")
    if spec is None or spec.origin is None:
        return None
    metadata = sorted(Path(spec.origin).parent.parent.glob("setuptools-*-info"))
    return metadata[0].name.split("-")[1].removesuffix(".dist").removesuffix(".egg") if metadata else None
