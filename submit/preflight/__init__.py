"""Before anything leaves the machine: would the job find its module, and would the trainer take its arguments?

`check` is the way in, and loaded when it is first used, for a dry run does without; `__init__.pyi` says what it is.
"""

from importlib import import_module
from typing import Any

__all__ = ["check"]


def __getattr__(name: str) -> Any:
    if name == "check":
        return import_module("submit.preflight.checking").check
    raise AttributeError(f"module `{__name__}` has no attribute `{name}`")
