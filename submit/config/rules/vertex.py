"""Vertex AI's own rules for worker pools.

https://cloud.google.com/vertex-ai/docs/training/distributed-training
"""

from __future__ import annotations

from collections.abc import Iterator

from submit.config.draft import Draft
from submit.errors import Problem


def pools(draft: Draft) -> Iterator[Problem]:
    if not draft.vertex:
        return
    for _, paths in draft.pools():
        if paths.machine.machine not in draft.marks and not draft.broken(paths.pool):
            hint = "Write `machineSpec: {machineType: n1-standard-4}`."
            yield draft.error(paths.pool, "has no machine type", hint)
        container, package = f"{paths.pool}.containerSpec", f"{paths.pool}.pythonPackageSpec"
        if container in draft.marks and package in draft.marks:
            message = "a pool runs either a `containerSpec` or a `pythonPackageSpec`"
            yield draft.error(package, message, "Remove one of them.")


RULES = (pools,)
