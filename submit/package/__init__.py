"""A trainer's code as an immutable archive: the same tree gives the same bytes, and unchanged code is not built again.

`build` is the way in, and loaded when it is first used; `__init__.pyi` says what it is. The other modules are its
parts, one idea each, and pure where they do not say otherwise; `submit.world` may import the pure ones, never this one.
"""

from importlib import import_module
from typing import Any

from submit.package.built import MAX_BYTES, Built

__all__ = ["MAX_BYTES", "Built", "build"]


def __getattr__(name: str) -> Any:
    if name == "build":
        return import_module("submit.package.building").build
    raise AttributeError(f"module `{__name__}` has no attribute `{name}`")
