"""A job as the files that its tasks read, and as its script needs it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import asdict
from typing import cast

from submit import catalogue
from submit.backends.batch.array import array_of, elements
from submit.backends.batch.dialect import BatchJob, Dialect, Shape
from submit.backends.batch.environment import Environment
from submit.backends.batch.files import program, program_path, upload
from submit.backends.batch.place import Site, key_of
from submit.errors import Problem, UsageError
from submit.job import ROLES, JobSpec, Json, JsonObject, Package, Pool, PythonModule, Target
from submit.sizes import parse_bytes
from submit.steps import Upload

GRACE_S = 10.0
RENDEZVOUS_S = 600.0


def uploads(spec: JobSpec, site: Site, dialect: Dialect, target: Target) -> Iterator[Upload]:
    """What has to be on the shared file system before the job is submitted; what is there is not sent again."""
    if len(spec.retry.on) == 1 and dialect.restarts_alike:
        hint = "Name both in `retry_on`, preempted and node_lost, or neither."
        raise UsageError(Problem(message=f"submit.retry_on: {dialect.restarts_alike}", hint=hint))
    for name in ("launcher.py", "batch_task.py"):
        yield upload(program(name), program_path(name), site)
    for package in spec.packages:
        yield upload(package.data, _package(package), site)
    folder = f"jobs/{key_of(spec)}"
    yield upload(task_script(spec, site, dialect).encode(), f"{folder}/task.sh", site)
    yield upload(_job_file(spec, target).encode(), f"{folder}/job.json", site)  # last: with it there is a job


def _job_file(spec: JobSpec, target: Target) -> str:
    """`job.json`. Its first line is all that is ever told of the job: who looks at a thousand of them reads no more,
    and values of the environment stay where they are."""
    parts = (json.dumps(part, ensure_ascii=False) for part in (_told(spec, target), _of_tasks(spec, target)))
    return "{" + ",\n".join(part[1:-1] for part in parts) + "}\n"


def _told(spec: JobSpec, target: Target) -> JsonObject:
    """The first two are what jobs of one backend are found by, in this order."""
    return {
        "key": key_of(spec),
        "backend": target.backend,
        "name": spec.display_name,
        "submission_id": spec.submission_id,
        "labels": dict(spec.labels),
        "replicas": {_name(pool): pool.replicas for pool in spec.pools if pool.replicas},
        "job_dir": spec.job_dir,
        "timeout_s": spec.scheduling.timeout_s,
        "max_silence_s": spec.scheduling.max_silence_s,
        **elements(spec),
    }


def _of_tasks(spec: JobSpec, target: Target) -> JsonObject:
    """Paths are relative to the site's folder."""
    options = spec.options
    grace = options.get("grace")
    return {
        "project": target.project or "local",
        "region": target.region or "local",
        "launcher": program_path("launcher.py"),
        "packages": [{"path": _package(package), "sha256": package.digest} for package in spec.packages],
        "pools": [_pool(pool, spec) for pool in spec.pools if pool.replicas],
        "base_output_dir": spec.base_output_dir,
        "use_chief": spec.use_chief_in_tf_config is not False,
        "grace_s": float(grace) if isinstance(grace, int | float) else GRACE_S,
        "rendezvous_s": RENDEZVOUS_S,
        "memory_limit_bytes": None,
        "retry": asdict(spec.retry),
        "layered": Environment.of(options).is_given,
    }


def batch_job(spec: JobSpec, site: Site) -> BatchJob:
    limit, grace = spec.scheduling.timeout_s, spec.options.get("grace")
    spare = float(grace) if isinstance(grace, int | float) else GRACE_S
    return BatchJob(
        key=key_of(spec),
        folder=f"{site.root}/jobs/{key_of(spec)}",
        replicas=sum(pool.replicas for pool in spec.pools),
        shape=shape(spec),
        limit_s=None if limit is None else limit + spare,
        requeue=bool(spec.retry.on) if spec.retry.limit else not spec.scheduling.disable_retries,
        array=array_of(spec),
        options=spec.options,
    )


def shape(spec: JobSpec) -> Shape:
    """The largest of what the pools' machines have: every task of an allocation gets the same."""
    types = [catalogue.machine(pool.machine.machine_type) for pool in spec.pools]
    cpus = spec.options.get("cpus") or max((each.vcpus or 1 for each in types if each), default=1)
    memory = spec.options.get("memory")
    sizes = [each.memory_gb for each in types if each and each.memory_gb]
    megabytes = math.ceil(max(sizes) * 1000) if sizes else None
    if isinstance(memory, int | str):
        megabytes = parse_bytes(memory) >> 20
    gpus = max((pool.machine.accelerator_count for pool in spec.pools), default=0)
    return Shape(cpus=cast(int, cpus), memory_mb=megabytes, gpus=gpus)


def task_script(spec: JobSpec, site: Site, dialect: Dialect) -> str:
    """`task.sh`: one replica, from the scheduler's words to ours. A node that cannot start it tells the log, and the
    other replicas."""
    job = batch_job(spec, site)
    start = Environment.of(spec.options).start(
        f'-I -S ../../{program_path("batch_task.py")} job.json "$rank" "$restart" "$id" "$address" "$element"',
        gpus=bool(job.shape.gpus),
        folders=(spec.job_dir, spec.base_output_dir),
    )
    return f"""\
#!/bin/sh
# One replica of {job.key}; the current folder is that of the job.
umask 077
restart=0 rank=0 id= address=127.0.0.1 element=
fail() {{ echo "$1 on $(hostname)" >&2; echo "$rank" > "stop.${{element:+$element.}}$restart"; exit 127; }}
{dialect.task(job).rstrip()}
mkdir -p records logs
{start}"""


def _package(package: Package) -> str:
    return f"packages/{package.digest}/{package.filename}"


def _pool(pool: Pool, spec: JobSpec) -> JsonObject:
    program = pool.program
    if not isinstance(program, PythonModule):
        raise UsageError("a batch cluster runs Python packages, not container images")
    if program.package_uris:
        hint = "Name the package's folder with `--package-path`."
        raise UsageError(Problem(message=f"`{program.package_uris[0]}` is out of the cluster's reach", hint=hint))
    env: dict[str, Json] = {**spec.env, **pool.env}
    return {
        "name": _name(pool),
        "role": pool.role.value,
        "replicas": pool.replicas,
        "module": program.module,
        "args": list(program.args or ()),
        "env": env,
        "cpus": shape(spec).cpus,
    }


def _name(pool: Pool) -> str:
    return f"workerpool{ROLES.index(pool.role)}"
