"""What configs of jobs on clusters say, as YAML text."""

from __future__ import annotations

import json

MACHINE = "{machineType: n1-standard-4}"


def pools(replicas: int = 1, machine: str = MACHINE) -> str:
    """A chief, and as many workers as it takes."""
    workers = f", {{machineSpec: {machine}, replicaCount: {replicas - 1}}}" if replicas > 1 else ""
    return f"workerPoolSpecs: [{{machineSpec: {machine}}}{workers}]\n"


def section(name: str, **said: object) -> str:
    """Of ours: a backend's, or `env`."""
    return f"submit: {json.dumps({name: said})}\n"
