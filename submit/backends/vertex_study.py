"""Hyperparameter tuning as Vertex AI's `StudySpec`.

https://cloud.google.com/vertex-ai/docs/reference/rest/v1/StudySpec
"""

from __future__ import annotations

from submit.job import JsonObject, Parameter, ParameterKind, Scale, Study


def study_spec(study: Study) -> JsonObject:
    spec: JsonObject = {
        "metrics": [{"metricId": metric.name, "goal": metric.goal.value} for metric in study.metrics],
        "parameters": [_parameter(parameter) for parameter in study.parameters],
    }
    if study.algorithm:
        spec["algorithm"] = study.algorithm
    if study.early_stopping and not any(key.endswith("StoppingSpec") for key in study.extras):
        spec["medianAutomatedStoppingSpec"] = {"useElapsedDuration": False}
    return spec | dict(study.extras)


def _parameter(parameter: Parameter) -> JsonObject:
    (kind, values), *_ = _values(parameter).items()
    default = f"{kind}.defaultValue"
    extras = {key: value for key, value in parameter.extras.items() if key != default}
    if default in parameter.extras:
        values |= {"defaultValue": parameter.extras[default]}
    spec: JsonObject = {"parameterId": parameter.name, kind: values}
    if parameter.scale is not Scale.NONE and parameter.kind is not ParameterKind.CATEGORICAL:
        spec["scaleType"] = parameter.scale.value
    return spec | extras


def _values(parameter: Parameter) -> dict[str, JsonObject]:
    match parameter.kind:
        case ParameterKind.DOUBLE:
            return {"doubleValueSpec": {"minValue": parameter.minimum, "maxValue": parameter.maximum}}
        case ParameterKind.INTEGER:
            bounds = (parameter.minimum, parameter.maximum)
            least, most = (None if bound is None else int(bound) for bound in bounds)
            return {"integerValueSpec": {"minValue": least, "maxValue": most}}
        case ParameterKind.CATEGORICAL:
            return {"categoricalValueSpec": {"values": [*parameter.values]}}
        case ParameterKind.DISCRETE:
            return {"discreteValueSpec": {"values": [*parameter.values]}}
