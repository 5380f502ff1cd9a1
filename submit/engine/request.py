"""A job request: JSON in, checked values out. Pure.

The client has checked the config for people; here stands what the engine itself cannot run without.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from submit.study import Study

ROLES = ("chief", "worker", "ps", "evaluator")
"""A role's place is the index of its worker pool, as on Vertex AI."""

_ID = r"(?a)[A-Za-z0-9][A-Za-z0-9._-]{0,127}"


class Pool(NamedTuple):
    """`env_from`: variables that have the values of others, which the submitter has."""

    role: str
    replicas: int
    module: str | None
    container: Mapping[str, Any] | None
    args: list[str]
    env: Mapping[str, str]
    env_from: Mapping[str, str]

    @property
    def name(self) -> str:
        return f"workerpool{ROLES.index(self.role)}"


class Retry(NamedTuple):
    """Starts of the whole job after the first: how many, after which causes and exit codes; the pause doubles."""

    limit: int = 0
    causes: tuple[str, ...] = ()
    exit_codes: tuple[int, ...] = ()
    backoff_s: float = 10.0

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> Retry:
        return cls(int(raw["limit"]), tuple(raw["causes"]), tuple(raw["exit_codes"]), float(raw["backoff_s"]))


class Request(NamedTuple):
    """Times in seconds. `raw` is the request as it came, for what only launchers read.

    `preempt_after_s`: the machines are taken away so long after the program's start, `preempt_times` times (None: each
    time).
    """

    id: str
    submission_id: str
    pools: list[Pool]
    study: Study | None
    timeout_s: float
    grace_s: float
    worker_grace_s: float
    disable_retries: bool
    preempt_after_s: float | None
    preempt_times: int | None
    max_silence_s: float | None
    retry: Retry
    raw: Mapping[str, Any]

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> Request:
        """Raises ValueError with a sentence about the first thing that is wrong."""
        if not isinstance(raw.get("id"), str) or not re.fullmatch(_ID, raw["id"]):
            raise ValueError(f"`{raw.get('id')}` cannot be a job's id: letters, digits, `.`, `_` and `-`, at most 128")
        try:
            return cls(
                id=raw["id"],
                submission_id=raw["submission_id"],
                pools=_pools(raw["pools"]),
                study=Study.parse(raw["study"]) if raw.get("study") else None,
                timeout_s=float(raw.get("timeout_s") or 604800.0),
                grace_s=_number(raw, "grace_s", 10.0),
                worker_grace_s=_number(raw, "worker_grace_s", 30.0),
                disable_retries=bool(raw.get("disable_retries")),
                preempt_after_s=raw.get("preempt_after_s"),
                preempt_times=raw.get("preempt_times"),
                max_silence_s=raw.get("max_silence_s"),
                retry=Retry.parse(raw["retry"]) if raw.get("retry") else Retry(),
                raw=raw,
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"the job request is incomplete: {error}") from error


def _number(raw: Mapping[str, Any], key: str, default: float) -> float:
    value = raw.get(key)
    return default if value is None else float(value)


def _pools(raw: list[Mapping[str, Any]]) -> list[Pool]:
    pools = [
        Pool(
            role=pool["role"],
            replicas=int(pool.get("replicas", 1)),
            module=pool.get("module"),
            container=pool.get("container"),
            args=[str(arg) for arg in pool.get("args") or []],
            env=pool.get("env") or {},
            env_from=pool.get("env_from") or {},
        )
        for pool in raw
    ]
    _check_pools(pools)
    return sorted(pools, key=lambda pool: ROLES.index(pool.role))


def _check_pools(pools: list[Pool]) -> None:
    roles = [pool.role for pool in pools]
    if unknown := [role for role in roles if role not in ROLES]:
        raise ValueError(f"`{unknown[0]}` is not a role: {', '.join(ROLES)}")
    if len(set(roles)) < len(roles):
        raise ValueError("a job has at most one pool of each role")
    if sum(pool.replicas for pool in pools if pool.role == "chief") != 1:
        raise ValueError("a job has exactly one chief")
    if any(pool.replicas < 1 for pool in pools):
        raise ValueError("a pool has at least one replica")
    if any(bool(pool.module) == bool(pool.container) for pool in pools):
        raise ValueError("a pool runs either a module or a container")
