"""Creating a job at Google exactly once, and elsewhere when there is no room for it.

The APIs take no idempotency key. Each submission has its own id in a label: when the answer to a creation was lost,
the job is looked for by it, and only created again if it is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, TypeAlias, cast

from submit import rehearsal
from submit.errors import ErrorKind, ServiceError, UnansweredError, UnsentError, UsageError
from submit.status import Cause, Handle, Json, JsonObject, Status, Target
from submit.steps import Call, Conversation

if TYPE_CHECKING:
    from submit.job import JobSpec, Machine

SUBMISSION_LABEL = "jobdir-submission"
FALLBACK_LABEL = "jobdir-fallback"
"""which of the fallbacks a job came of, counted from 1"""
TRIES = 3
LOOKS_S = (2.0, 4.0, 8.0)
"""pauses before looks for a job that may have been created: lists are not up to date at once"""
_RECOVER = "`submit jobs recover` says whether there is a job; if it was never created, submit it again."

Attempt: TypeAlias = "Callable[[JobSpec, Target], Conversation[Handle]]"
_NO_ROOM = (ErrorKind.QUOTA, ErrorKind.STOCK_OUT)


def rehearsing(spec: JobSpec, api: str) -> Conversation[JobSpec]:
    """The job with what makes the emulator take its machines away; a `UsageError` if it goes anywhere else."""
    after_s = spec.scheduling.preempt_after_s
    if after_s is None:
        return spec
    try:
        yield Call(api=api, method="emulator.endpoints", request={}, assumed={})
    except ServiceError as error:
        if error.kind is not ErrorKind.NOT_FOUND:
            raise
        hint = 'Run `submit emulator start` and `eval "$(submit emulator env)"` first, or use `--backend local`.'
        raise UsageError("only the emulator rehearses a preemption; the cloud has its own", hint=hint) from error
    return replace(spec, labels={**spec.labels, **rehearsal.labels(after_s)})


def with_fallbacks(spec: JobSpec, target: Target, attempt: Attempt) -> Conversation[Handle]:
    """The first try that finds room; what the last one says if none does."""
    first, *others = islice(_plans(spec, target), spec.first_plan, None)
    try:
        return (yield from attempt(*first))
    except ServiceError as error:
        refusal = error
    for plan in others:
        if refusal.kind not in _NO_ROOM:
            break
        try:
            return (yield from attempt(*plan))
        except ServiceError as error:
            refusal = error
    raise refusal


def _plans(spec: JobSpec, target: Target) -> Iterator[tuple[JobSpec, Target]]:
    yield spec, target
    for number, fallback in enumerate(spec.fallbacks, 1):
        region = cast("str | None", fallback.get("region"))
        # a bucket that was named belongs to the first region
        there = replace(target, region=region, staging_bucket=None) if region not in (None, target.region) else target
        changed = _changed(spec, fallback)
        yield replace(changed, labels={**spec.labels, FALLBACK_LABEL: str(number)}), there


def next_plan(spec: JobSpec, status: Status) -> int | None:
    """Which fallback to try for a job that was taken, and has then found no machines; None if there is none left."""
    number = 1 + int(status.labels.get(FALLBACK_LABEL, "0"))
    return number if status.cause is Cause.STOCK_OUT and number <= len(spec.fallbacks) else None


def _changed(spec: JobSpec, fallback: Mapping[str, Json]) -> JobSpec:
    """Other machines take the place of the chief's, wherever those stand."""
    chief = spec.pools[0].machine
    machine = _machine(chief, fallback)
    pools = tuple(replace(pool, machine=machine) if pool.machine == chief else pool for pool in spec.pools)
    scheduling = spec.scheduling
    if "strategy" in fallback:
        from submit.job import Strategy

        scheduling = replace(scheduling, strategy=Strategy(str(fallback["strategy"])))
    return replace(spec, pools=pools, scheduling=scheduling)


def _machine(machine: Machine, fallback: Mapping[str, Json]) -> Machine:
    keys = {
        "machineType": "machine_type",
        "acceleratorType": "accelerator_type",
        "acceleratorCount": "accelerator_count",
    }
    given = {ours: fallback[key] for key, ours in keys.items() if key in fallback}
    if not given:
        return machine
    count = max(1, machine.accelerator_count) if given.get("accelerator_type") else machine.accelerator_count
    return replace(machine, written_as=None, **{"accelerator_count": count, **given})  # type: ignore[arg-type] # checked by the config


def once(
    create: Call, find: Callable[[], Conversation[JsonObject | None]], *, keyed: bool = False
) -> Conversation[JsonObject]:
    """The record of the one job that comes of a creation; `find` looks for it, by its label in the end.

    What the service has answered with a failure is tried again if no job came of it. What it has not answered is not:
    it may yet be done, and then there would be two; unless the job is `keyed`, so that the service refuses a second.
    That there is such a job already is good news if it is ours: the answer to an earlier try was lost.
    """
    for _ in range(TRIES):
        try:
            reply = yield create
        except UnsentError:
            raise
        except ServiceError as error:
            if error.kind is ErrorKind.EXISTS and (found := (yield from find())) is not None:
                return found
            if error.kind is not ErrorKind.TRANSIENT:
                raise
            lost = error
        else:
            if isinstance(reply, dict) and reply:
                return reply
            lost = UnansweredError("the service answered nothing", kind=ErrorKind.TRANSIENT)
        unanswered = isinstance(lost, UnansweredError) and not keyed
        found = yield from _look(find, lost, LOOKS_S if unanswered else LOOKS_S[:1])
        if found is not None:
            return found
        if unanswered:
            break
    raise ServiceError(f"{lost}; no job has come of it so far", kind=lost.kind, hint=_RECOVER)


def _look(
    find: Callable[[], Conversation[JsonObject | None]], lost: ServiceError, pauses_s: Sequence[float]
) -> Conversation[JsonObject | None]:
    for pause_s in pauses_s:
        yield pause(pause_s)
        try:
            found = yield from find()
        except ServiceError as error:
            message = f"{lost}; then: {error}; whether the job was created is not known"
            raise ServiceError(message, kind=ErrorKind.TRANSIENT, hint=_RECOVER) from error
        if found is not None:
            return found
    return None


def pause(seconds: float) -> Call:
    return Call(api="clock", method="pause", request={"seconds": seconds}, assumed={})
