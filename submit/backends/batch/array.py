"""Which array a job is: the one that its options ask for, or that of a study, whose trials are its elements. Pure."""

from __future__ import annotations

from typing import cast

from submit import trials
from submit.backends import study
from submit.backends.batch.dialect import Array
from submit.errors import UsageError
from submit.job import JobSpec, Json, JsonObject, Study
from submit.study import Study as Searched


def array_of(spec: JobSpec) -> Array | None:
    """`array: 100%10` of the backend's options, or as many elements as a study has trials."""
    said = spec.options.get("array")
    if spec.study is None:
        return Array.parse(str(said)) if said is not None else None
    if said is not None:
        hint = "Remove `array`: `maxTrialCount` and `parallelTrialCount` say how many trials there are."
        raise UsageError("a study is an array of its own", hint=hint)
    return Array(size=len(_points(spec.study, spec.name)), at_once=max(1, spec.study.parallel_trials))


def elements(spec: JobSpec) -> JsonObject:
    """For `job.json`: how many there are, and of a study where in its search each of them is."""
    array = array_of(spec)
    if array is None:
        return {}
    if spec.study is None:
        return {"elements": array.size}
    points = cast("list[Json]", _points(spec.study, spec.name))
    return {"elements": array.size, "study": study.request(spec.study), "points": points}


def _points(searched: Study, seed: str) -> list[dict[str, str]]:
    """All are chosen before the first is tried."""
    try:
        return list(trials.points(Searched.parse(study.request(searched)), seed))
    except ValueError as error:
        raise UsageError(str(error)) from error
