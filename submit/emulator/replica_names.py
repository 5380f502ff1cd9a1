"""ML Engine's names of the replicas that Vertex AI calls `workerpool0-0`. Pure."""

from __future__ import annotations

import re

ROLES = ("master", "worker", "ps", "evaluator")
"""The place of a role is the number of its worker pool."""

_REPLICA = re.compile(r"workerpool([0-3])-(\d+)")


def task_name(replica: str) -> str:
    """`workerpool1-2` -> `worker-replica-2`."""
    return _REPLICA.sub(lambda match: f"{ROLES[int(match[1])]}-replica-{match[2]}", replica)


def in_words(message: str) -> str:
    """A sentence about `workerpool0-0` as one about `master 0`."""
    return _REPLICA.sub(lambda match: f"{ROLES[int(match[1])]} {match[2]}", message)
