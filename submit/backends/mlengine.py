"""ML Engine's training jobs (AI Platform Training, `ml.googleapis.com` v1).

The service is gone from the cloud; the emulator brings it back, and other servers may.
https://cloud.google.com/ai-platform/training/docs/reference/rest/v1/projects.jobs
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
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
from submit.backends.cloud_status import cause_of, exit_code_of, log_link, record, records, time_of, traceback_of
from submit.backends.creation import SUBMISSION_LABEL
from submit.errors import ErrorKind, ServiceError, UsageError
from submit.logs.times import normal
from submit.status import Handle, Json, JsonObject, LogCursor, LogPage, State, Status, Target
from submit.steps import Call, Conversation

if TYPE_CHECKING:
    from submit.job import JobSpec

NAME = "mlengine"

environment = unknown_environment

options: Mapping[str, str] = {}

_NO_DELETION = "ML Engine keeps its jobs for good"

capabilities: Mapping[Feature, Capability] = {
    Feature.MAX_SILENCE: cloud_logging.UNWATCHED,
    Feature.BASE_OUTPUT_DIR: StandsIn(
        "the base output dir is the trainer's `--job-dir`: ML Engine sets no AIP_MODEL_DIR"
    ),
    Feature.CONDITIONAL_PARAMETERS: Refused("its hyperparameters have neither conditions nor defaults"),
    Feature.ENVIRONMENT: Refused("its replicas get none but its own; pass arguments instead"),
    Feature.SPOT: Refused("it has machines of the standard kind only"),
    Feature.FLEX_START: Refused("jobs wait for machines by `scheduling.maxWaitTime`"),
    Feature.RESTART_RULES: Refused("it restarts replicas by its own rules"),
    Feature.PERSISTENT_RESOURCE: Refused("each job has its own machines"),
    Feature.RETRIES: Refused("it restarts replicas by its own rules, and no whole jobs"),
    Feature.VERTEX_FIELDS: Refused("only Vertex AI knows them"),
    Feature.DELETION: Refused(_NO_DELETION),
}

STATES = {
    "QUEUED": State.QUEUED,
    "PREPARING": State.PREPARING,
    "RUNNING": State.RUNNING,
    "SUCCEEDED": State.SUCCEEDED,
    "FAILED": State.FAILED,
    "CANCELLING": State.CANCELLING,
    "CANCELLED": State.CANCELLED,
}
"""https://cloud.google.com/ai-platform/training/docs/reference/rest/v1/projects.jobs#state"""

PAGE_SIZE = 100


def submit(spec: JobSpec, target: Target) -> Conversation[Handle]:
    """Stages the packages, creates the job once, and goes on to the fallbacks where there is no room for it."""
    from submit.backends.ml_limits import check

    check(spec)
    with_output = replace(spec, job_dir=spec.job_dir or spec.base_output_dir)
    rehearsed = yield from creation.rehearsing(with_output, "ml")
    return (yield from creation.with_fallbacks(rehearsed, target, _create))


def _create(spec: JobSpec, target: Target) -> Conversation[Handle]:
    """The job's id is its own: a job of that id is either ours, by its label, or in our way."""
    from submit.backends.ml_job import job  # and the catalogue with it
    from submit.backends.ml_limits import check

    check(spec)  # a fallback may have brought machines that ML Engine does not have
    parent = _parent(target)
    filled, package_uris = yield from staging.staged(spec, target)
    name = f"{parent}/jobs/{spec.name}"
    body = job(filled, package_uris, target.region or "")
    create = _call("create", {"parent": parent, "job": body}, assumed={"jobId": spec.name}, changes=True)
    create = replace(create, creates=name)
    try:
        yield from creation.once(create, lambda: _find(name, spec.submission_id), keyed=True)
    except ServiceError as error:
        if error.kind is not ErrorKind.EXISTS:
            raise
        hint = "Choose another name with `--job-name`; ML Engine never gives one twice."
        raise ServiceError(f"there is another job `{spec.name}` in `{parent}`", kind=error.kind, hint=hint) from error
    return Handle(NAME, name)


def _find(name: str, submission_id: str) -> Conversation[JsonObject | None]:
    """The job of that name if it came of this submission."""
    try:
        found = yield from _get(name)
    except ServiceError as error:
        if error.kind is not ErrorKind.NOT_FOUND:
            raise
        return None
    return found if record(found.get("labels")).get(SUBMISSION_LABEL) == submission_id else None


def find(submission_id: str, place: str, target: Target) -> Conversation[Handle | None]:
    """`place` is the job's name, which another submission may have taken."""
    return Handle(NAME, place) if (yield from _find(place, submission_id)) else None


def describe(handles: Sequence[Handle], target: Target) -> Conversation[Mapping[Handle, Status]]:
    """One call for a job; several of one project are looked up in its list."""
    names = {handle: _name(handle, target) for handle in handles}
    projects: dict[str, list[str]] = {}
    for name in names.values():
        projects.setdefault(_split(name)[0], []).append(name)
    found: dict[str, JsonObject] = {}
    for project, members in projects.items():
        if len(members) > 1:
            found |= yield from _listed(project, frozenset(members))
        for name in members:
            if name not in found:
                found[name] = yield from _get(name)
    return {handle: replace(status_of(found[name], _split(name)[0]), handle=handle) for handle, name in names.items()}


def _listed(project: str, wanted: frozenset[str]) -> Conversation[dict[str, JsonObject]]:
    found: dict[str, JsonObject] = {}
    token = ""
    while True:
        page = yield from _page(f"projects/{project}", token)
        named = {f"projects/{project}/jobs/{job['jobId']}": job for job in records(page.get("jobs"))}
        found |= {name: job for name, job in named.items() if name in wanted}
        token = str(page.get("nextPageToken") or "")
        if not token or len(found) == len(wanted):
            return found


def list_jobs(target: Target, limit: int) -> Conversation[Sequence[Status]]:
    """Newest first, as the service lists them; those of the project in all regions."""
    jobs: list[JsonObject] = []
    token = ""
    while len(jobs) < limit:
        page = yield from _page(_parent(target), token)
        jobs += records(page.get("jobs"))
        token = str(page.get("nextPageToken") or "")
        if not token:
            break
    return [status_of(job, staging.project_of(target)) for job in jobs[:limit]]


def _page(parent: str, token: str) -> Conversation[JsonObject]:
    request: JsonObject = {"parent": parent, "pageSize": PAGE_SIZE, **({"pageToken": token} if token else {})}
    return record((yield _call("list", request, assumed={})))


def logs(handle: Handle, target: Target, cursor: LogCursor, wait_s: float) -> Conversation[LogPage]:
    """From Cloud Logging."""
    name = _name(handle, target)
    return (yield from cloud_logging.page(cursor, *_split(name), wait_s, lambda: _end(name)))


logs_since = cloud_logging.since


def _end(name: str) -> Conversation[str]:
    job = yield from _get(name)
    return normal(job.get("endTime")) if _state(job).ended else ""


def cancel(handle: Handle, target: Target) -> Conversation[None]:
    """A job that has ended stays as it is; the service itself says nothing against it."""
    yield _call("cancel", {"name": _name(handle, target)}, changes=True)


def delete(handle: Handle, target: Target) -> Conversation[None]:
    _name(handle, target)
    hint = "It stays in the list of jobs. To stop one that runs: `submit jobs cancel`."
    raise ServiceError(f"`{handle}` cannot be deleted: {_NO_DELETION}", kind=ErrorKind.INVALID, hint=hint)
    yield  # a conversation like the others, without steps


def _call(verb: str, request: JsonObject, assumed: Json = None, *, changes: bool = False) -> Call:
    return Call(api="ml", method=f"projects.jobs.{verb}", request=request, assumed=assumed, changes=changes)


def _get(name: str) -> Conversation[JsonObject]:
    assumed: JsonObject = {"jobId": _split(name)[1], "state": "SUCCEEDED"}
    return record((yield _call("get", {"name": name}, assumed=assumed)))


def _parent(target: Target) -> str:
    return f"projects/{staging.project_of(target)}"


def _name(handle: Handle, target: Target) -> str:
    """The resource name; an id alone is a job of the target's project."""
    if "/" not in handle.path:
        return f"{_parent(target)}/jobs/{handle.path}"
    parts = handle.path.split("/")
    if len(parts) == 4 and (parts[0], parts[2]) == ("projects", "jobs"):
        return handle.path
    hint = f"It looks like `{NAME}://projects/my-project/jobs/my_job`."
    raise UsageError(f"`{handle}` does not name a job of ML Engine", hint=hint)


def _split(name: str) -> tuple[str, str]:
    """Project and id."""
    _, project, _, job_id = name.split("/")
    return project, job_id


def _state(job: JsonObject) -> State:
    """A word that is new to us is taken for a job that goes on."""
    return STATES.get(str(job.get("state")), State.QUEUED)


def status_of(job: JsonObject, project: str) -> Status:
    job_id, state = str(job["jobId"]), _state(job)
    message = str(job.get("errorMessage") or "")
    job_dir = record(job.get("trainingInput")).get("jobDir")
    return Status(
        handle=Handle(NAME, f"projects/{project}/jobs/{job_id}"),
        name=job_id,
        state=state,
        message=message,
        cause=cause_of(state, message),
        exit_code=exit_code_of(message),
        created=time_of(job.get("createTime")),
        started=time_of(job.get("startTime")),
        ended=time_of(job.get("endTime")),
        labels=cast("dict[str, str]", record(job.get("labels"))),
        job_dir=str(job_dir) if job_dir else None,
        links=_links(project, job_id),
        trials=tuple(_trials(job)),
        traceback=traceback_of(message),
        raw=job,
    )


def links(handle: Handle, target: Target) -> Mapping[str, str]:
    return _links(*_split(_name(handle, target)))


def _links(project: str, job_id: str) -> Mapping[str, str]:
    console = f"https://console.cloud.google.com/mlengine/jobs/{job_id}?project={project}"
    return {"console": console, "log": log_link(project, job_id)}


def _trials(job: JsonObject) -> Iterator[JsonObject]:
    """As the other backends have them: id, state, parameters, metrics."""
    output = record(job.get("trainingOutput"))
    tag = str(output.get("hyperparameterMetricTag") or "objective")
    for trial in records(output.get("trials")):
        value = record(trial.get("finalMetric")).get("objectiveValue")
        yield {
            "id": trial.get("trialId"),
            "state": trial.get("state"),
            "parameters": record(trial.get("hyperparameters")),
            "metrics": {} if value is None else {tag: value},
        }
