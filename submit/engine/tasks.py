"""The task file of each replica, which is all that its launcher knows. Pure.

`submit/launcher.py` reads it; the names of the replicas are Vertex AI's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from submit.engine.folder import JobFolder
from submit.engine.origin import Origin
from submit.engine.request import Pool, Request


class Member(NamedTuple):
    """A replica's place in its job: the `number`-th (from 0) of its pool."""

    pool: Pool
    number: int

    @property
    def name(self) -> str:
        return f"{self.pool.name}-{self.number}"

    @property
    def role(self) -> str:
        return self.pool.role


class TrialPlan(NamedTuple):
    """A trial's number (from 1, as text), its hyperparameters, and the tag of the metric that it is to report."""

    id: str
    parameters: Mapping[str, str]
    metric_tag: str


class Site(NamedTuple):
    """Where a job's tasks run: its folder, the submitter's installation, and how many CPUs there are."""

    folder: JobFolder
    origin: Origin
    cpus: int


def members(request: Request) -> list[Member]:
    """All replicas; the primary one first."""
    return [Member(pool, number) for pool in request.pools for number in range(pool.replicas)]


def cluster(replicas: Sequence[Member], ports: Sequence[int]) -> dict[str, list[str]]:
    """The addresses of each pool, for `CLUSTER_SPEC`."""
    addresses: dict[str, list[str]] = {}
    for member, port in zip(replicas, ports, strict=True):
        addresses.setdefault(member.pool.name, []).append(f"127.0.0.1:{port}")
    return addresses


def task(
    request: Request,
    member: Member,
    site: Site,
    *,
    cluster: Mapping[str, list[str]],
    port: int,
    trial: TrialPlan | None,
) -> dict[str, Any]:
    """All but `restart` and `record`, which differ each time the replica is started. `port`: one of its own."""
    raw, origin = request.raw, site.origin
    run = site.folder.run(trial.id if trial else None)
    return {
        "job": request.id,
        "job_id": raw.get("job_id"),
        "replica": member.name,
        "role": member.role,
        "index": member.number,
        "trial": trial.id if trial else None,
        "log": str(site.folder.log),
        "cwd": str(run.work(member.name)),
        "packages": [] if member.pool.container else raw.get("packages") or [],
        "cache": origin.cache,
        "python": origin.base_python,
        "builder": origin.runtime.python,
        "installer": origin.installer,
        "module": member.pool.module,
        "container": _container(member.pool, site),
        "args": member.pool.args,
        "hyperparameters": dict(trial.parameters) if trial else {},
        "job_dir": raw.get("job_dir"),
        "base_output_dir": raw.get("base_output_dir"),
        "project": raw.get("project") or "local",
        "region": raw.get("region") or "local",
        "cluster": cluster,
        "open_ports": [port],
        "use_chief": raw.get("use_chief", True),
        "env": member.pool.env,
        "env_from": member.pool.env_from,
        "bucket_root": origin.bucket_root,
        "metric_file": str(run.metrics(member.name)) if trial else None,
        "metric_tag": trial.metric_tag if trial else None,
        "memory_limit_bytes": raw.get("memory_limit_bytes"),
        "cpus": site.cpus,
        "grace_s": request.grace_s,
    }


def _container(pool: Pool, site: Site) -> dict[str, Any] | None:
    return {**pool.container, "runtime": site.origin.containers} if pool.container else None
