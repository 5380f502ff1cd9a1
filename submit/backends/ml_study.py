"""Hyperparameter tuning as ML Engine's `HyperparameterSpec`.

https://cloud.google.com/ai-platform/training/docs/reference/rest/v1/projects.jobs#hyperparameterspec
"""

from __future__ import annotations

from collections.abc import Iterator

from submit.errors import Problem
from submit.job import JsonObject, Parameter, ParameterKind, Scale, Study


def hyperparameters(study: Study) -> JsonObject:
    metric = study.metrics[0]
    given: JsonObject = {
        "maxFailedTrials": study.max_failed_trials,
        "algorithm": study.algorithm,
        "enableTrialEarlyStopping": study.early_stopping,
        "resumePreviousJobId": study.resume_job,
    }
    return {
        "goal": metric.goal.value,
        "hyperparameterMetricTag": metric.name,
        "maxTrials": study.max_trials,
        "maxParallelTrials": study.parallel_trials,
        "params": [_parameter(parameter) for parameter in study.parameters],
        **{key: value for key, value in given.items() if value},
    }


def _parameter(parameter: Parameter) -> JsonObject:
    spec: JsonObject = {"parameterName": parameter.name, "type": parameter.kind.value}
    match parameter.kind:
        case ParameterKind.CATEGORICAL:
            return spec | {"categoricalValues": [*parameter.values]}
        case ParameterKind.DISCRETE:
            spec["discreteValues"] = [*parameter.values]
        case ParameterKind.DOUBLE | ParameterKind.INTEGER:
            spec |= {"minValue": parameter.minimum, "maxValue": parameter.maximum}
    return spec if parameter.scale is Scale.NONE else spec | {"scaleType": parameter.scale.value}


def unsupported(study: Study) -> Iterator[Problem]:
    """What a study of Vertex AI says that this format cannot."""
    if len(study.metrics) > 1:
        names = ", ".join(f"`{metric.name}`" for metric in study.metrics)
        yield Problem(message=f"ML Engine compares trials by one metric, not by {names}", hint="Keep one.")
