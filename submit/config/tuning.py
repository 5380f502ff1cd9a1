"""Hyperparameter tuning in either dialect → `Study`.

https://cloud.google.com/vertex-ai/docs/training/using-hyperparameter-tuning
"""

from __future__ import annotations

from typing import cast

from submit.config.values import flag, number, part, parts, real, rest, text, texts
from submit.job import Goal, JsonObject, Metric, Parameter, ParameterKind, Scale, Study

ML_ENGINE_METRIC = "training/hptuning/metric"
"""The metric that ML Engine takes if the config names none."""

_VALUE_SPECS = {
    ParameterKind.DOUBLE: "doubleValueSpec",
    ParameterKind.INTEGER: "integerValueSpec",
    ParameterKind.CATEGORICAL: "categoricalValueSpec",
    ParameterKind.DISCRETE: "discreteValueSpec",
}


def from_ml_engine(spec: JsonObject) -> Study:
    metric = text(spec, "hyperparameterMetricTag") or ML_ENGINE_METRIC
    return Study(
        metrics=(Metric(name=metric, goal=Goal(text(spec, "goal") or Goal.MAXIMIZE)),),
        parameters=tuple(_ml_engine_parameter(parameter) for parameter in parts(spec, "params")),
        max_trials=number(spec, "maxTrials") or 1,
        parallel_trials=number(spec, "maxParallelTrials") or 1,
        max_failed_trials=number(spec, "maxFailedTrials") or 0,
        algorithm=_algorithm(spec),
        early_stopping=flag(spec, "enableTrialEarlyStopping") or False,
        resume_job=text(spec, "resumePreviousJobId"),
    )


def _ml_engine_parameter(spec: JsonObject) -> Parameter:
    kind = ParameterKind(text(spec, "type") or ParameterKind.DOUBLE)
    return Parameter(
        name=text(spec, "parameterName") or "",
        kind=kind,
        minimum=real(spec, "minValue"),
        maximum=real(spec, "maxValue"),
        values=texts(spec, "categoricalValues") or _numbers(spec, "discreteValues"),
        scale=Scale(text(spec, "scaleType") or Scale.NONE),
    )


def from_vertex(job: JsonObject) -> Study:
    spec = part(job, "studySpec")
    known = frozenset({"metrics", "parameters", "algorithm"})
    return Study(
        metrics=tuple(
            Metric(name=text(metric, "metricId") or "", goal=Goal(text(metric, "goal") or Goal.MAXIMIZE))
            for metric in parts(spec, "metrics")
        ),
        parameters=tuple(_vertex_parameter(p) for p in parts(spec, "parameters")),
        max_trials=number(job, "maxTrialCount") or 1,
        parallel_trials=number(job, "parallelTrialCount") or 1,
        max_failed_trials=number(job, "maxFailedTrialCount") or 0,
        algorithm=_algorithm(spec),
        early_stopping=any(key.endswith("StoppingSpec") for key in spec),
        extras=rest(spec, known) | _safety(spec),
    )


def _safety(spec: JsonObject) -> JsonObject:
    """Metrics with a safety limit go on in the API's own form."""
    metrics = parts(spec, "metrics")
    return {"metrics": spec["metrics"]} if any("safetyConfig" in metric for metric in metrics) else {}


def _vertex_parameter(spec: JsonObject) -> Parameter:
    kind = next((kind for kind, key in _VALUE_SPECS.items() if key in spec), ParameterKind.DOUBLE)
    value = part(spec, _VALUE_SPECS[kind])
    written = text(spec, "scaleType") or "SCALE_TYPE_UNSPECIFIED"
    extras = rest(spec, frozenset({"parameterId", "scaleType", *_VALUE_SPECS.values()}))
    if "defaultValue" in value:
        extras[f"{_VALUE_SPECS[kind]}.defaultValue"] = value["defaultValue"]
    return Parameter(
        name=text(spec, "parameterId") or "",
        kind=kind,
        minimum=real(value, "minValue"),
        maximum=real(value, "maxValue"),
        values=(texts(value, "values") or ()) if kind is ParameterKind.CATEGORICAL else _numbers(value, "values"),
        scale=Scale.NONE if written == "SCALE_TYPE_UNSPECIFIED" else Scale(written),
        extras=extras,
    )


def _numbers(spec: JsonObject, key: str) -> tuple[float, ...]:
    return tuple(cast("list[float]", spec.get(key, [])))


def _algorithm(spec: JsonObject) -> str | None:
    written = text(spec, "algorithm")
    return None if written == "ALGORITHM_UNSPECIFIED" else written
