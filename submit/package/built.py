"""What packaging a trainer gives, and the limit above which its size is worth a warning."""

from __future__ import annotations

from typing import NamedTuple

from submit.errors import Problem
from submit.job import Package

MAX_BYTES = 50_000_000
"""A package above this size is warned about: it is sent, and unpacked on every machine."""


class Built(NamedTuple):
    """The trainer's package and those given beside it. `problems` are warnings only.

    `wheel`: what installing `package` gives, if the archive's own layout does not show that.
    """

    package: Package
    extra: tuple[Package, ...] = ()
    wheel: Package | None = None
    problems: tuple[Problem, ...] = ()
