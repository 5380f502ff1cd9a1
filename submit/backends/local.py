"""This machine: the engine runs the job's replicas under the contract that Vertex AI promises to a trainer.

https://cloud.google.com/vertex-ai/docs/training/code-requirements
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, cast

from submit.backends import Capability, Feature, Refused, StandsIn
from submit.backends.local_folders import bucket, staged
from submit.errors import ErrorKind, ServiceError, UsageError
from submit.logs.lines import entries
from submit.status import Cause, Handle, Json, JsonObject, LogCursor, LogPage, ReplicaStatus, State, Status, Target
from submit.steps import Call, Conversation, Read, Upload

if TYPE_CHECKING:
    from submit.job import JobSpec

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
    from submit.backends.local_job import job_request  # jobs are looked after more often than submitted

    for package in spec.packages:
        yield Upload(data=package.data, to=staged(package, target), digest=package.digest)
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
    folder = {"folder": bucket(job_dir, target)} if job_dir.startswith("gs://") else {}
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
