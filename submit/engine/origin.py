"""Where a job was submitted from: the interpreter and the installation that run it, and the engine's folders."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import submit

_PROGRAM = Path(__file__).with_name("__main__.py")


class Runtime(NamedTuple):
    """What a supervisor is started with; jobs of another one are left to a supervisor of theirs."""

    python: str
    program: str
    version: str

    @classmethod
    def here(cls) -> Runtime:
        return cls(sys.executable, str(_PROGRAM), submit.__version__)

    def exists(self) -> bool:
        return Path(self.python).exists() and Path(self.program).exists()


class Origin(NamedTuple):
    """`base_python` is the interpreter that environments are made from, `installer` is uv and `containers` is docker or
    podman, if there is one."""

    runtime: Runtime
    cache: str
    bucket_root: str
    base_python: str
    installer: str | None
    containers: str | None

    @classmethod
    def here(cls, cache: Path, bucket_root: Path) -> Origin:
        base = getattr(sys, "_base_executable", None) or sys.executable
        containers = find_program("docker") or find_program("podman")
        return cls(Runtime.here(), str(cache), str(bucket_root), base, find_program("uv"), containers)

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Origin:
        """Of whichever version of jobdir has written it."""
        runtime = Runtime(*(str(data["runtime"].get(name)) for name in Runtime._fields))
        values: list[Any] = [data.get(name) for name in cls._fields[1:]]
        return cls(runtime, *values)

    def to_json(self) -> dict[str, Any]:
        return {**self._asdict(), "runtime": self.runtime._asdict()}


def find_program(name: str) -> str | None:
    """The program beside our interpreter, else on the PATH."""
    folders = [str(Path(sys.executable).parent), *os.environ.get("PATH", os.defpath).split(os.pathsep)]
    candidates = (f"{folder or '.'}/{name}" for folder in folders)  # as texts: each job looks in all of them
    found = (path for path in candidates if os.access(path, os.X_OK) and Path(path).is_file())
    return next((str(Path(path).absolute()) for path in found), None)
