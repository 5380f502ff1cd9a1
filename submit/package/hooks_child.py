"""Runs a build backend's hooks, in a process of its own: the source distribution first, then a wheel from it alone.

Started in the folder of the project as `python hooks_child.py BACKEND OUT`. The wheel proves that the archive can be
installed where the source tree is not: what `pip` on the machine of the job will do. Standard output is the backend's.
"""

from __future__ import annotations

import importlib
import os
import sys
import tarfile
from pathlib import Path
from types import ModuleType
from typing import Any

STAGES = {"sdist": 10, "wheel": 11, "isolate": 12}
"""Exit codes: in which stage the build failed, or that it needs more than setuptools."""


def main(backend_name: str, out: Path) -> None:
    backend = _load(backend_name)
    loaded = set(sys.modules)
    sdist = _stage("sdist", lambda: _build_sdist(backend, out))
    _forget(set(sys.modules) - loaded)
    with tarfile.open(out / sdist) as tar:
        tar.extraction_filter = getattr(tarfile, "data_filter", None)  # Python has it since 3.11.4
        tar.extractall(out / "unpacked")  # noqa: S202 it was made of the user's own tree, a moment ago
    os.chdir(next((out / "unpacked").iterdir()))
    _stage("wheel", lambda: backend.build_wheel(str(out)))


def _build_sdist(backend: Any, out: Path) -> str:
    more = [*backend.get_requires_for_build_sdist(), *backend.get_requires_for_build_wheel()]
    if [name for name in more if not name.startswith(("setuptools", "wheel"))]:
        raise SystemExit(STAGES["isolate"])
    return str(backend.build_sdist(str(out)))


def _stage(name: str, work: Any) -> Any:
    try:
        return work()
    except SystemExit as end:
        if end.code == STAGES["isolate"]:
            raise
        sys.stderr.write(f"error: {end.code}\n" if isinstance(end.code, str) else "")
        raise SystemExit(STAGES[name]) from end
    except BaseException as error:
        import traceback

        traceback.print_exception(error)
        raise SystemExit(STAGES[name]) from error


def _load(name: str) -> Any:
    module, _, attributes = name.partition(":")
    found: Any = importlib.import_module(module)
    for attribute in filter(None, attributes.split(".")):
        found = getattr(found, attribute)
    return found


def _forget(names: set[str]) -> None:
    """Modules of the source tree that its `setup.py` imported would hide that they are missing in the archive."""
    here = str(Path.cwd())
    for name in names:
        module: ModuleType = sys.modules[name]
        if str(getattr(module, "__file__", "") or "").startswith(here):
            del sys.modules[name]


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
