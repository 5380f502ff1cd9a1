"""A job as the engine of this machine is asked for it."""

from __future__ import annotations

from typing import cast

from submit import redact
from submit.backends import study
from submit.backends.local_folders import bucket, staged
from submit.job import Container, JobSpec, Pool, PythonModule
from submit.sizes import parse_bytes
from submit.status import Json, JsonObject, Target


def job_request(spec: JobSpec, target: Target) -> JsonObject:
    """The engine's request for a job; `client` comes back unchanged in its answers."""
    memory = spec.options.get("memory")
    grace = spec.options.get("grace")
    return {
        "id": spec.name,
        "submission_id": spec.submission_id,
        "display_name": spec.display_name,
        "labels": dict(spec.labels),
        "project": target.project or "local",
        "region": target.region or "local",
        "packages": _packages(spec, target),
        "pools": [_pool(pool, spec) for pool in spec.pools],
        "job_dir": spec.job_dir or f"{target.state_dir}/output/{spec.name}",
        "base_output_dir": spec.base_output_dir,
        "use_chief": spec.use_chief_in_tf_config is not False,
        "timeout_s": spec.scheduling.timeout_s,
        "grace_s": float(grace) if isinstance(grace, int | float) else 10.0,
        "memory_limit_bytes": parse_bytes(memory) if isinstance(memory, int | str) else None,
        "disable_retries": spec.scheduling.disable_retries,
        **_limits(spec),
        "study": study.request(spec.study) if spec.study else None,
        "client": {"hourly_usd": spec.hourly_usd, "priced_as": spec.priced_as},
    }


def _limits(spec: JobSpec) -> JsonObject:
    """What only some jobs ask for."""
    scheduling, retry = spec.scheduling, spec.retry
    found: JsonObject = {}
    if scheduling.max_silence_s is not None:
        found["max_silence_s"] = scheduling.max_silence_s
    if scheduling.preempt_after_s is not None:
        found |= {"preempt_after_s": scheduling.preempt_after_s, "preempt_times": 1}
    if retry.limit:
        found["retry"] = {
            "limit": retry.limit,
            "causes": [*retry.on],
            "exit_codes": [*retry.exit_codes],
            "backoff_s": retry.backoff_s,
        }
    return found


def _packages(spec: JobSpec, target: Target) -> list[Json]:
    """Those of this submission, and those that the config finds in buckets, of which no digest is known."""
    ours: list[Json] = [{"path": staged(package, target), "sha256": package.digest} for package in spec.packages]
    theirs: list[Json] = [{"path": bucket(uri, target), "sha256": None} for uri in _package_uris(spec)]
    return ours + theirs


def _pool(pool: Pool, spec: JobSpec) -> JsonObject:
    env = {**spec.env, **pool.env}
    plain: JsonObject = {name: value for name, value in env.items() if not redact.variable_of(value)}
    shared: JsonObject = {"role": pool.role.value, "replicas": pool.replicas, "env": plain}
    if references := {name: source for name, value in env.items() if (source := redact.variable_of(value))}:
        shared["env_from"] = cast(JsonObject, references)
    match pool.program:
        case PythonModule(module=module, args=args):
            return shared | {"module": module, "args": list(args or ()), "container": None}
        case Container(image=image, command=command, args=args):
            container: JsonObject = {"image": image, "command": list(command)}
            return shared | {"module": None, "args": list(args or ()), "container": container}


def _package_uris(spec: JobSpec) -> tuple[str, ...]:
    programs = (pool.program for pool in spec.pools)
    uris = (uri for program in programs if isinstance(program, PythonModule) for uri in program.package_uris)
    return tuple(dict.fromkeys(uris))
