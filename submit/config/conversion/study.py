"""`trainingInput.hyperparameters` → `HyperparameterTuningJob`."""

from __future__ import annotations

from datetime import date

from submit.config.conversion.job import job_spec
from submit.config.conversion.notes import Notes
from submit.config.draft import Draft
from submit.config.ml_engine import INPUT
from submit.job import Json, JsonObject, Parameter, ParameterKind, Scale, Study

PATH = f"{INPUT}.hyperparameters"


def tuning_job(draft: Draft, study: Study, section: tuple[str, ...], notes: Notes, today: date) -> JsonObject:
    config = draft.config
    job: JsonObject = {
        "studySpec": _study_spec(study, notes),
        "maxTrialCount": study.max_trials,
        "parallelTrialCount": study.parallel_trials,
    }
    if study.max_failed_trials:
        job["maxFailedTrialCount"] = study.max_failed_trials
    job["trialJobSpec"] = job_spec(draft, section, notes, today, at="trialJobSpec.")
    if config.labels:
        job["labels"] = dict(config.labels)
    if config.kms_key:
        job["encryptionSpec"] = {"kmsKeyName": config.kms_key}
    why = "on Vertex AI tuning is a job of its own kind, which has the job of its trials in it"
    notes.changed(PATH, "is studySpec, around trialJobSpec", why, "studySpec")
    if study.resume_job:
        notes.removed(f"{PATH}.resumePreviousJobId", "left out", "Vertex AI cannot continue a study of ML Engine")
    return job


def _study_spec(study: Study, notes: Notes) -> JsonObject:
    metrics: list[Json] = [{"metricId": metric.name, "goal": metric.goal.value} for metric in study.metrics]
    spec: JsonObject = {"metrics": metrics, "parameters": [_parameter(parameter) for parameter in study.parameters]}
    if study.algorithm:
        spec["algorithm"] = study.algorithm
    if study.early_stopping:
        spec["medianAutomatedStoppingSpec"] = {"useElapsedDuration": False}
        path = f"{PATH}.enableTrialEarlyStopping"
        why = "Vertex AI has several rules, this one stops trials that are worse than the median"
        notes.changed(path, "is medianAutomatedStoppingSpec", why, "studySpec.medianAutomatedStoppingSpec")
    return spec


def _parameter(parameter: Parameter) -> JsonObject:
    spec: JsonObject = {"parameterId": parameter.name}
    match parameter.kind:
        case ParameterKind.DOUBLE:
            spec["doubleValueSpec"] = {"minValue": parameter.minimum, "maxValue": parameter.maximum}
        case ParameterKind.INTEGER:
            spec["integerValueSpec"] = {"minValue": _whole(parameter.minimum), "maxValue": _whole(parameter.maximum)}
        case ParameterKind.CATEGORICAL:
            spec["categoricalValueSpec"] = {"values": [*parameter.values]}
        case ParameterKind.DISCRETE:
            spec["discreteValueSpec"] = {"values": [*parameter.values]}
    if parameter.scale is not Scale.NONE and parameter.kind is not ParameterKind.CATEGORICAL:
        spec["scaleType"] = parameter.scale.value
    return spec


def _whole(bound: float | None) -> int:
    """The rules have made sure of both: it is there, and it is whole."""
    assert bound is not None
    return int(bound)
