"""This machine: the engine runs the job's replicas under the contract that Vertex AI promises to a trainer.

https://cloud.google.com/vertex-ai/docs/training/code-requirements
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import cast

from submit import redact
from submit.backends import Capability, Feature, Refused, StandsIn, study
from submit.errors import ErrorKind, ServiceError, UsageError
from submit.job import (
    Cause,
    Container,
    Handle,
    JobSpec,
    Json,
    JsonObject,
    LogCursor,
    LogPage,
    Package,
    Pool,
    PythonModule,
    ReplicaStatus,
    State,
    Status,
    Target,
)
from submit.logs.lines import entries
from submit.sizes import parse_bytes
from submit.steps import Call, Conversation, Read, Upload

NAME = "local"

options: Mapping[str, str] = {
    "memory": "a replica is ended as out of memory above this, e.g. 2GiB",
    "grace": "how long a replica may clean up after SIGTERM, in seconds (10)",
}

capabilities: Mapping[Feature, Capability] = {
    Feature.MACHINE_TYPE: StandsIn("this machine stands in for the machines of the config"),
    Feature.ACCELERATOR: StandsIn("the job gets the accelerators that this machine has, if any"),
    Feature.TPU: StandsIn("this machine has no TPU: the trainer runs without it"),
    Feature.BOOT_DISK: StandsIn("this machine's own disk is used"),
    Feature.RUNTIME_IMAGE: StandsIn("the trainer runs in this Python, with the packages that it requires"),
    Feature.SPOT: StandsIn("this machine is not preempted"),
    Feature.FLEX_START: StandsIn("this machine is there at once"),
    Feature.MAX_COST: StandsIn("the job costs nothing on this machine"),
    Feature.MAX_WAIT: StandsIn("the job waits for its turn on this machine without a limit"),
    Feature.PRIORITY: StandsIn("jobs run in the order of their submission on this machine"),
    Feature.NETWORK: StandsIn("the job uses this machine's network"),
    Feature.SERVICE_ACCOUNT: StandsIn("the job runs as you"),
    Feature.ENCRYPTION: StandsIn("this machine does not use the encryption key"),
    Feature.WEB_ACCESS: StandsIn("there is no interactive shell: the job runs on your own machine"),
    Feature.PERSISTENT_RESOURCE: StandsIn("this machine stands in for the persistent resource"),
    Feature.FALLBACKS: StandsIn("fallbacks are not needed on this machine"),
    Feature.RETRIES: StandsIn(
        "jobs are started again after preemptions and exit codes, not after a loss of this machine"
    ),
    Feature.EARLY_STOPPING: StandsIn("each trial runs to its end on this machine"),
    Feature.CONDITIONAL_PARAMETERS: Refused("its search knows independent parameters only"),
    Feature.RESUME_STUDY: Refused("a study on this machine starts anew"),
    Feature.MANAGED: Refused("this machine has no Secret Manager; name a variable of yours instead, as `env:NAME`"),
    Feature.VERTEX_FIELDS: Refused("only Vertex AI knows them"),
}


def submit(spec: JobSpec, target: Target) -> Conversation[Handle]:
    """Stages the packages under their digests and hands the job to the engine, which answers at once."""
    if spec.study and spec.retry.limit:
        hint = "Remove `retries`; `maxFailedTrialCount` says how many trials may fail."
        raise UsageError("on this machine a study is not started again as a whole", hint=hint)
    for package in spec.packages:
        yield Upload(data=package.data, to=_staged(package, target), digest=package.digest)
    reply = yield Call(
        api="engine",
        method="jobs.create",
        request=job_request(spec, target),
        assumed={"id": spec.name},
        changes=True,
        creates=spec.name,
    )
    return Handle(NAME, str(_record(reply)["id"]))


def find(submission_id: str, place: str, target: Target) -> Conversation[Handle | None]:
    """`place` is the job's name, which another submission may have taken."""
    try:
        reply = yield Call(api="engine", method="jobs.get", request={"ids": [place]}, assumed=[])
    except ServiceError as error:
        if error.kind is not ErrorKind.NOT_FOUND:
            raise
        return None
    jobs = [_record(job) for job in reply] if isinstance(reply, list) else []
    return next((Handle(NAME, str(job["id"])) for job in jobs if job.get("submission_id") == submission_id), None)


def environment(handle: Handle, target: Target) -> Conversation[JsonObject | None]:
    found = yield Call(api="engine", method="jobs.environment", request={"ids": [handle.path]})
    return found if isinstance(found, dict) else None


def describe(handles: Sequence[Handle], target: Target) -> Conversation[Mapping[Handle, Status]]:
    reply = yield Call(
        api="engine", method="jobs.get", request={"ids": [handle.path for handle in handles]}, assumed=[]
    )
    return {status.handle: status for status in _statuses(reply, target)}


def list_jobs(target: Target, limit: int) -> Conversation[Sequence[Status]]:
    """Newest first."""
    reply = yield Call(api="engine", method="jobs.list", request={"limit": limit}, assumed=[])
    return _statuses(reply, target)


def logs(handle: Handle, target: Target, cursor: LogCursor, wait_s: float) -> Conversation[LogPage]:
    """The cursor is a position in the job's log file."""
    read = Read(source=handle.path, position=int(str(cursor) or 0), wait_s=wait_s)
    page = _record((yield read))
    return LogPage(
        entries=entries(str(page["data"])),
        cursor=str(page["position"]),
        ended=bool(page.get("ended", True)),
        more=bool(page.get("more")),
    )


def cancel(handle: Handle, target: Target) -> Conversation[None]:
    yield Call(api="engine", method="jobs.cancel", request={"ids": [handle.path]}, changes=True)


def delete(handle: Handle, target: Target) -> Conversation[None]:
    yield Call(api="engine", method="jobs.delete", request={"ids": [handle.path]}, changes=True)


def links(handle: Handle, target: Target) -> Mapping[str, str]:
    return {}  # its log is a file, which `describe` knows


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
    ours: list[Json] = [{"path": _staged(package, target), "sha256": package.digest} for package in spec.packages]
    theirs: list[Json] = [{"path": _bucket_path(uri, target), "sha256": None} for uri in _package_uris(spec)]
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


def _staged(package: Package, target: Target) -> str:
    """Content-addressed, so that unchanged code is not written again."""
    folder = _bucket_path(target.staging_bucket, target) if target.staging_bucket else f"{target.state_dir}/staging"
    return f"{folder}/{package.digest}/{package.filename}"


def _bucket_path(uri: str, target: Target) -> str:
    """Buckets are folders on this machine."""
    return f"{target.bucket_root}/{uri.removeprefix('gs://').strip('/')}"


def _package_uris(spec: JobSpec) -> tuple[str, ...]:
    programs = (pool.program for pool in spec.pools)
    uris = (uri for program in programs if isinstance(program, PythonModule) for uri in program.package_uris)
    return tuple(dict.fromkeys(uris))


def _record(reply: Json) -> JsonObject:
    if not isinstance(reply, dict):
        raise ServiceError("the engine gave an answer that cannot be read", kind=ErrorKind.INTERNAL)
    return reply


def _statuses(reply: Json, target: Target) -> list[Status]:
    return [_status(_record(record), target) for record in reply] if isinstance(reply, list) else []


def _status(record: JsonObject, target: Target) -> Status:
    client = _record(record.get("client") or {})
    hourly = client.get("hourly_usd")
    cause = record.get("cause")
    exit_code = record.get("exit_code")
    return Status(
        handle=Handle(NAME, str(record["id"])),
        name=str(record["display_name"]),
        state=State(str(record["state"])),
        message=str(record.get("message") or ""),
        cause=Cause(cause) if isinstance(cause, str) else None,
        exit_code=exit_code if isinstance(exit_code, int) else None,
        created=_time(record.get("create_time")),
        started=_time(record.get("start_time")),
        ended=_time(record.get("end_time")),
        replicas=tuple(_replica(_record(replica)) for replica in cast("list[Json]", record.get("replicas") or [])),
        labels=cast("dict[str, str]", record.get("labels") or {}),
        job_dir=cast("str | None", record.get("job_dir")),
        hourly_usd=hourly if isinstance(hourly, int | float) else None,
        priced_as=str(client.get("priced_as") or ""),
        links=_links(record, target),
        trials=tuple(_record(trial) for trial in cast("list[Json]", record.get("trials") or [])),
        traceback=str(record.get("traceback") or ""),
        raw=record,
    )


def _links(record: JsonObject, target: Target) -> Mapping[str, str]:
    """Where the log is, and the folder that a job dir in a bucket stands for."""
    job_dir = str(record.get("job_dir") or "")
    folder = {"folder": _bucket_path(job_dir, target)} if job_dir.startswith("gs://") else {}
    return {**folder, "log": str(record["log"])}


def _replica(record: JsonObject) -> ReplicaStatus:
    return ReplicaStatus(
        name=str(record["name"]),
        state=State(str(record["state"])),
        exit_code=cast("int | None", record.get("exit_code")),
        restarts=cast("int", record.get("restarts") or 0),
        peak_memory_bytes=cast("int | None", record.get("peak_memory_bytes")),
        cpu_s=cast("float | None", record.get("cpu_s")),
    )


def _time(value: Json) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else None
