"""`hyperparameterTuningJobs` of Vertex AI, in v1 and v1beta1.

https://cloud.google.com/vertex-ai/docs/reference/rest/v1/projects.locations.hyperparameterTuningJobs
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from submit.emulator.rpc.errors import unimplemented
from submit.emulator.rpc.messages import enum_numbers
from submit.emulator.services import identities, problems, worker_pools
from submit.emulator.services.jobs import Location
from submit.emulator.services.problems import Problem
from submit.emulator.services.records import Record
from submit.emulator.services.resources import JobKind, Resource, Resources

_KINDS = {
    "double_value_spec": "DOUBLE",
    "integer_value_spec": "INTEGER",
    "categorical_value_spec": "CATEGORICAL",
    "discrete_value_spec": "DISCRETE",
}


class TuningJobs(JobKind):
    """`version` is `v1` or `v1beta1`; both show the same jobs."""

    def __init__(self, resources: Resources, version: str) -> None:
        super().__init__(
            resources, Resource(version, "hyperparameterTuningJobs", "HyperparameterTuningJob", fill=_fill_trials)
        )

    async def create(self, request: Any) -> Any:
        job = request.hyperparameter_tuning_job
        buckets = self._resources.jobs.buckets
        key = identities.key(job.encryption_spec.kms_key_name, Location.parse(request.parent).region)
        problems.refuse([*_problems(job), *key, *worker_pools.problems(job.trial_job_spec, "trial_job_spec", buckets)])
        study = _study(job)
        run = worker_pools.engine_request(job.trial_job_spec, buckets)
        return await self._resources.create(self._resource, request.parent, job, {**run, "study": study})


def _problems(job: Any) -> Iterator[Problem]:
    yield from problems.display_name(job.display_name)
    yield from problems.labels(job.labels)
    for field in ("max_trial_count", "parallel_trial_count"):
        if getattr(job, field) < 1:
            yield Problem(field, "Required field is not set.")
    for field in ("metrics", "parameters"):
        if not getattr(job.study_spec, field):
            yield Problem(f"study_spec.{field}", "Required field is not set.")
    for index, parameter in enumerate(job.study_spec.parameters):
        if not parameter.parameter_id or parameter.WhichOneof("parameter_value_spec") is None:
            yield Problem(f"study_spec.parameters[{index}]", "Required field is not set.")
    for index, metric in enumerate(job.study_spec.metrics):
        if not metric.metric_id or not metric.goal:
            yield Problem(f"study_spec.metrics[{index}]", "Required field is not set.")


def _study(job: Any) -> Record:
    """What the engine cannot do is refused, not dropped."""
    spec = job.study_spec
    if any(parameter.conditional_parameter_specs for parameter in spec.parameters):
        raise unimplemented("A study with conditional parameters")
    algorithm = _name(spec, "algorithm")
    return {
        "metrics": [{"name": metric.metric_id, "goal": _name(metric, "goal")} for metric in spec.metrics],
        "parameters": [_parameter(parameter) for parameter in spec.parameters],
        "max_trials": job.max_trial_count,
        "parallel_trials": job.parallel_trial_count,
        "max_failed_trials": job.max_failed_trial_count,
        "algorithm": None if algorithm == "ALGORITHM_UNSPECIFIED" else algorithm,
    }


def _parameter(parameter: Any) -> Record:
    which = parameter.WhichOneof("parameter_value_spec")
    spec, scale = getattr(parameter, which), _name(parameter, "scale_type")
    has_range = which in ("double_value_spec", "integer_value_spec")
    return {
        "name": parameter.parameter_id,
        "kind": _KINDS[which],
        "minimum": spec.min_value if has_range else None,
        "maximum": spec.max_value if has_range else None,
        "values": [] if has_range else [*spec.values],
        "scale": "NONE" if scale == "SCALE_TYPE_UNSPECIFIED" else scale,
    }


def _fill_trials(message: Any, job: Record) -> None:
    states = enum_numbers(f"{message.DESCRIPTOR.file.package}.Trial.State")
    for trial in sorted(job["trials"], key=lambda trial: int(trial["id"])):
        shown = message.trials.add(id=trial["id"], state=states[trial["state"]])
        shown.name = f"{message.name}/trials/{trial['id']}"
        if trial["state"] == "INFEASIBLE":
            shown.infeasible_reason = trial["message"]
        for name, value in trial["parameters"].items():
            _fill_value(shown.parameters.add(parameter_id=name).value, value)
        for name, value in trial["metrics"].items():
            shown.final_measurement.metrics.add(metric_id=name, value=value)


def _fill_value(value: Any, text: str) -> None:
    """The engine has the words of the command line; the service shows numbers as such."""
    try:
        value.number_value = float(text)
    except ValueError:
        value.string_value = text


def _name(message: Any, field: str) -> str:
    values = message.DESCRIPTOR.fields_by_name[field].enum_type.values_by_number
    number = getattr(message, field)
    return str(values[number].name) if number in values else str(number)
