"""Vertex AI's custom jobs and hyperparameter tuning jobs.

https://cloud.google.com/vertex-ai/docs/reference/rest/v1/projects.locations.customJobs
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from submit.backends import (
    Capability,
    Feature,
    Refused,
    StandsIn,
    cloud_logging,
    creation,
    staging,
    unknown_environment,
)
from submit.backends.cloud_status import (
    cause_of,
    exit_code_of,
    log_link,
    record,
    records,
    time_of,
    traceback_of,
)
from submit.backends.creation import SUBMISSION_LABEL
from submit.errors import ErrorKind, ServiceError, UnsentError, UsageError
from submit.logs.times import normal
from submit.status import Handle, Json, JsonObject, LogCursor, LogPage, State, Status, Target
from submit.steps import Call, Conversation

if TYPE_CHECKING:
    from submit.job import JobSpec

NAME = "vertex"

environment = unknown_environment

options: Mapping[str, str] = {}

_NO_REFERENCE = Refused(
    "its custom jobs have plain values, for all to read who may see the job; let the trainer fetch the secret itself, "
    "as the job's service account, with `google-cloud-secret-manager`"
)

capabilities: Mapping[Feature, Capability] = {
    Feature.MAX_SILENCE: cloud_logging.UNWATCHED,
    Feature.VARIABLE: _NO_REFERENCE,
    Feature.MANAGED: _NO_REFERENCE,
    Feature.PRIORITY: StandsIn("Vertex AI has no priorities"),
    Feature.RETRIES: Refused("it restarts jobs by its own rules, see `scheduling.restartJobOnWorkerRestart`"),
    Feature.RESUME_STUDY: Refused("a study starts anew"),
}

CUSTOM, TUNING = "customJobs", "hyperparameterTuningJobs"

STATES = {
    "JOB_STATE_QUEUED": State.QUEUED,
    "JOB_STATE_PENDING": State.PREPARING,
    "JOB_STATE_RUNNING": State.RUNNING,
    "JOB_STATE_UPDATING": State.RUNNING,
    "JOB_STATE_PAUSED": State.RUNNING,
    "JOB_STATE_CANCELLING": State.CANCELLING,
    "JOB_STATE_SUCCEEDED": State.SUCCEEDED,
    "JOB_STATE_PARTIALLY_SUCCEEDED": State.SUCCEEDED,
    "JOB_STATE_FAILED": State.FAILED,
    "JOB_STATE_EXPIRED": State.FAILED,
    "JOB_STATE_CANCELLED": State.CANCELLED,
}
"""https://cloud.google.com/vertex-ai/docs/reference/rest/v1/JobState"""

PAGE_SIZE = 100
DELETE_TRIES, DELETE_PAUSE_S = 60, 0.5
DELETE_AGAIN_S = (0.2, 1.0, 3.0)
"""pauses after a deletion that was not answered"""


def submit(spec: JobSpec, target: Target) -> Conversation[Handle]:
    """Stages the packages, creates the job once, and goes on to the fallbacks where there is no room for it."""
    from submit.backends.vertex_job import check  # and the catalogue with it

    check(spec)
    rehearsed = yield from creation.rehearsing(spec, "aiplatform")
    return (yield from creation.with_fallbacks(rehearsed, target, _create))


def _create(spec: JobSpec, target: Target) -> Conversation[Handle]:
    from submit.backends.vertex_job import custom_job, tuning_job

    parent = _parent(target)
    filled, package_uris = yield from staging.staged(spec, target)
    kind, field = (TUNING, "hyperparameterTuningJob") if spec.study else (CUSTOM, "customJob")
    job = (tuning_job if spec.study else custom_job)(filled, package_uris)
    create = Call(
        api="aiplatform",
        method=f"projects.locations.{kind}.create",
        request={"parent": parent, field: job},
        assumed={"name": f"{parent}/{kind}/0"},
        changes=True,
        creates=f"{parent}/{kind}",
    )
    created = yield from creation.once(create, lambda: _labelled(parent, kind, spec.submission_id))
    return Handle(NAME, str(created["name"]))


def find(submission_id: str, place: str, target: Target) -> Conversation[Handle | None]:
    """`place` is the collection that the job was sent to."""
    parent, _, kind = place.rpartition("/")
    job = yield from _labelled(parent, kind, submission_id)
    return Handle(NAME, str(job["name"])) if job else None


def _labelled(parent: str, kind: str, submission_id: str) -> Conversation[JsonObject | None]:
    """Pages may be empty although others follow: https://google.aip.dev/158"""
    request: JsonObject = {"parent": parent, "filter": f"labels.{SUBMISSION_LABEL}={submission_id}"}
    while True:
        page = record((yield _call(kind, "list", request, assumed={})))
        if found := records(page.get(kind)):
            return found[0]
        if not page.get("nextPageToken"):
            return None
        request = {**request, "pageToken": page["nextPageToken"]}


def describe(handles: Sequence[Handle], target: Target) -> Conversation[Mapping[Handle, Status]]:
    """One call for a job; several of one place are looked up in its list."""
    names = {handle: _name(handle, target) for handle in handles}
    groups: dict[tuple[str, str], list[str]] = {}
    for name in names.values():
        groups.setdefault(_place(name), []).append(name)
    found: dict[str, JsonObject] = {}
    for place, members in groups.items():
        if len(members) > 1:
            found |= yield from _listed(*place, frozenset(members))
        for name in members:
            if name not in found:
                found[name] = yield from _get(name)
    return {handle: replace(status_of(found[name]), handle=handle) for handle, name in names.items()}


def _listed(parent: str, kind: str, wanted: frozenset[str]) -> Conversation[dict[str, JsonObject]]:
    found: dict[str, JsonObject] = {}
    token = ""
    while True:
        page = yield from _page(parent, kind, token)
        found |= {str(job["name"]): job for job in records(page.get(kind)) if job.get("name") in wanted}
        token = str(page.get("nextPageToken") or "")
        if not token or len(found) == len(wanted):
            return found


def list_jobs(target: Target, limit: int) -> Conversation[Sequence[Status]]:
    """Newest first; those of the region."""
    parent = _parent(target)
    jobs: list[JsonObject] = []
    for kind in (CUSTOM, TUNING):
        of_kind: list[JsonObject] = []
        token = ""
        while len(of_kind) < limit:
            page = yield from _page(parent, kind, token)
            of_kind += records(page.get(kind))
            token = str(page.get("nextPageToken") or "")
            if not token:
                break
        jobs += of_kind
    statuses = [status_of(job) for job in jobs]
    return sorted(statuses, key=lambda status: status.created or datetime.fromtimestamp(0, UTC), reverse=True)[:limit]


def _page(parent: str, kind: str, token: str) -> Conversation[JsonObject]:
    request: JsonObject = {"parent": parent, "pageSize": PAGE_SIZE, **({"pageToken": token} if token else {})}
    return record((yield _call(kind, "list", request, assumed={})))


def logs(handle: Handle, target: Target, cursor: LogCursor, wait_s: float) -> Conversation[LogPage]:
    """From Cloud Logging."""
    name = _name(handle, target)
    _, project, *_, job_id = name.split("/")
    return (yield from cloud_logging.page(cursor, project, job_id, wait_s, lambda: _end(name)))


logs_since = cloud_logging.since


def _end(name: str) -> Conversation[str]:
    job = yield from _get(name)
    return normal(job.get("endTime")) if _state(job).ended else ""


def cancel(handle: Handle, target: Target) -> Conversation[None]:
    """A job that has ended stays as it is."""
    name = _name(handle, target)
    try:
        yield _call(_place(name)[1], "cancel", {"name": name}, changes=True)
    except ServiceError as error:
        if error.kind is not ErrorKind.INVALID or not _state((yield from _get(name))).ended:
            raise


def delete(handle: Handle, target: Target) -> Conversation[None]:
    """Waits until it is done; the log stays in Cloud Logging."""
    name = _name(handle, target)
    done: JsonObject = {"done": True}
    operation = yield from _begun_deletion(_call(_place(name)[1], "delete", {"name": name}, assumed=done, changes=True))
    for _ in range(DELETE_TRIES):
        if operation.get("done") or not operation.get("name"):
            break
        yield creation.pause(DELETE_PAUSE_S)
        operation = record((yield _call("operations", "get", {"name": operation["name"]}, assumed=done)))
    error = record(operation.get("error"))
    if error:
        raise ServiceError(f"Vertex AI: {error.get('message')}", kind=ErrorKind.INVALID)


def _begun_deletion(delete: Call) -> Conversation[JsonObject]:
    """Its operation. That there is no such job is good news after a try whose answer was lost."""
    lost: ServiceError | None = None
    for pause_s in DELETE_AGAIN_S:
        try:
            return record((yield delete))
        except ServiceError as error:
            if lost and error.kind is ErrorKind.NOT_FOUND:
                return {"done": True}
            if error.kind is not ErrorKind.TRANSIENT or isinstance(error, UnsentError):
                raise
            lost = error
        yield creation.pause(pause_s)
    return record((yield delete))


def _call(kind: str, verb: str, request: JsonObject, assumed: Json = None, *, changes: bool = False) -> Call:
    method = f"projects.locations.{kind}.{verb}"
    return Call(api="aiplatform", method=method, request=request, assumed=assumed, changes=changes)


def _get(name: str) -> Conversation[JsonObject]:
    assumed: JsonObject = {"name": name, "state": "JOB_STATE_SUCCEEDED"}
    return record((yield _call(_place(name)[1], "get", {"name": name}, assumed=assumed)))


def _parent(target: Target) -> str:
    return f"projects/{staging.project_of(target)}/locations/{target.region}"


def _name(handle: Handle, target: Target) -> str:
    """The resource name; a number alone is a custom job of the target's project and region."""
    if handle.path.isdecimal():
        return f"{_parent(target)}/{CUSTOM}/{handle.path}"
    parts = handle.path.split("/")
    if len(parts) == 6 and (parts[0], parts[2]) == ("projects", "locations") and parts[4] in (CUSTOM, TUNING):
        return handle.path
    hint = f"It looks like `{NAME}://projects/my-project/locations/us-central1/{CUSTOM}/123`."
    raise UsageError(f"`{handle}` does not name a job of Vertex AI", hint=hint)


def _place(name: str) -> tuple[str, str]:
    """Parent and kind."""
    parent, kind, _ = name.rsplit("/", 2)
    return parent, kind


def _id(name: str) -> str:
    return name.rpartition("/")[2]


def _state(job: JsonObject) -> State:
    """A word that is new to us is taken for a job that goes on."""
    return STATES.get(str(job.get("state")), State.QUEUED)


def status_of(job: JsonObject) -> Status:
    name, state = str(job["name"]), _state(job)
    message = str(record(job.get("error")).get("message") or "")
    spec = record(job.get("jobSpec")) or record(job.get("trialJobSpec"))
    return Status(
        handle=Handle(NAME, name),
        name=str(job.get("displayName") or _id(name)),
        state=state,
        message=message,
        cause=cause_of(state, message),
        exit_code=exit_code_of(message),
        created=time_of(job.get("createTime")),
        started=time_of(job.get("startTime")),
        ended=time_of(job.get("endTime")),
        labels=cast("dict[str, str]", record(job.get("labels"))),
        job_dir=_job_dir(spec),
        links=_links(name),
        trials=tuple(_trials(job)),
        traceback=traceback_of(message),
        raw=job,
    )


def _job_dir(spec: JsonObject) -> str | None:
    """What the trainer was given, else where it was told to write."""
    for pool in records(spec.get("workerPoolSpecs")):
        program = record(pool.get("pythonPackageSpec")) or record(pool.get("containerSpec"))
        args = cast("list[str]", program.get("args") or [])
        if "--job-dir" in args[:-1]:
            return args[args.index("--job-dir") + 1]
    output = record(spec.get("baseOutputDirectory")).get("outputUriPrefix")
    return str(output) if output else None


def links(handle: Handle, target: Target) -> Mapping[str, str]:
    return _links(_name(handle, target))


def _links(name: str) -> Mapping[str, str]:
    _, project, _, region, kind, job_id = name.split("/")
    page = "training" if kind == CUSTOM else "hyperparameter-tuning-jobs"
    console = f"https://console.cloud.google.com/vertex-ai/locations/{region}/{page}/{job_id}?project={project}"
    return {"console": console, "log": log_link(project, job_id)}


def _trials(job: JsonObject) -> Iterator[JsonObject]:
    """As the local backend has them: id, state, parameters, metrics."""
    for trial in records(job.get("trials")):
        measured = records(record(trial.get("finalMeasurement")).get("metrics"))
        yield {
            "id": trial.get("id"),
            "state": trial.get("state"),
            "parameters": {str(p.get("parameterId")): p.get("value") for p in records(trial.get("parameters"))},
            "metrics": {str(m.get("metricId")): m.get("value") for m in measured},
        }
