"""Which replica of the job this process is, by the environment that the training service sets.

https://cloud.google.com/vertex-ai/docs/training/distributed-training#cluster-variables
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trainer.errors import TrainerError

_ROLES = {
    "workerpool0": "chief",
    "workerpool1": "worker",
    "workerpool2": "ps",
    "workerpool3": "evaluator",
    "master": "chief",  # as ML Engine wrote it
}


@dataclass(frozen=True)
class Cluster:
    """`role` is chief, worker, ps or evaluator; `index` counts from 0 within it. `chief` is a `host:port`."""

    role: str = "chief"
    index: int = 0
    chief: str = ""
    workers: int = 0


def from_environ(environ: Mapping[str, str]) -> Cluster:
    """Reads `CLUSTER_SPEC`, else `TF_CONFIG`; without either, this process is the whole job."""
    for variable in ("CLUSTER_SPEC", "TF_CONFIG"):
        if environ.get(variable):
            try:
                return _read(json.loads(environ[variable]))
            except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
                raise TrainerError(f"{variable} cannot be understood: {error!r}") from error
    return Cluster()


def _read(spec: Any) -> Cluster:
    addresses = {_ROLES.get(name, name): list(pool) for name, pool in spec.get("cluster", {}).items()}
    task = spec.get("task", {"type": "chief", "index": 0})
    role, index = _ROLES.get(task["type"], task["type"]), int(task["index"])
    if role not in _ROLES.values():
        raise ValueError(f"no role is called `{role}`")
    workers = addresses.get("worker", [])
    if addresses.get("chief"):
        return Cluster(role, index, addresses["chief"][0], len(workers))
    if not workers:
        return Cluster(role, index)
    # TensorFlow's rule: where there is no chief, the first worker is it.
    if role == "worker":
        role, index = ("chief", 0) if index == 0 else ("worker", index - 1)
    return Cluster(role, index, workers[0], len(workers) - 1)
