"""An engine's job as ML Engine's `Job`."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from submit.emulator.replica_names import in_words
from submit.emulator.services.ml_engine.units import consumed
from submit.emulator.services.outcomes import failure_message
from submit.emulator.services.records import Record

_TRIAL_STATES = {
    "REQUESTED": "QUEUED",
    "ACTIVE": "RUNNING",
    "STOPPING": "CANCELLING",
    "SUCCEEDED": "SUCCEEDED",
    "INFEASIBLE": "FAILED",
}
"""The engine has Vertex AI's."""


def as_job(job: Record, labels: dict[str, str] | None, position: int) -> Record:
    """`labels` are those that the job was given later, `position` is in the queue, from 1, or 0."""
    body: Record = job["client"]["body"]
    times = {f"{key}Time": job[f"{key}_time"] for key in ("create", "start", "end")}
    labels = body.get("labels", {}) if labels is None else labels
    answer = {
        **body,
        "state": job["state"],
        "jobPosition": str(position),
        **{key: _seconds(value) for key, value in times.items() if value},
        "trainingOutput": _output(job, body["trainingInput"]),
    }
    answer.pop("labels", None)
    if labels:
        answer["labels"] = labels
    if job["state"] == "FAILED":
        answer["errorMessage"] = in_words(failure_message(job))
    return {**answer, "etag": _etag(answer)}


def _seconds(time: str) -> str:
    """The service's times of jobs were whole seconds."""
    return f"{time.partition('.')[0]}Z"


def _output(job: Record, training: Record) -> Record:
    study = training.get("hyperparameters")
    ran = job["start_time"] and job["end_time"]
    units = {"consumedMLUnits": consumed(training, job["start_time"], job["end_time"])} if ran else {}
    return units | (_trials(job, study) if study is not None else {})


def _trials(job: Record, study: Record) -> Record:
    trials = [_trial(trial) for trial in job["trials"]]
    ended = [trial for trial in trials if trial["state"] == "SUCCEEDED"]
    return {
        "isHyperparameterTuningJob": True,
        "hyperparameterMetricTag": study.get("hyperparameterMetricTag", "training/hptuning/metric"),
        "completedTrialCount": str(len(ended)),
        "trials": trials,
    }


def _trial(trial: Record) -> Record:
    values: dict[str, Any] = {"trialId": str(trial["id"]), "state": _TRIAL_STATES[trial["state"]]}
    values["hyperparameters"] = {name: str(value) for name, value in trial["parameters"].items()}
    metrics = [{"objectiveValue": value} for value in trial["metrics"].values() if isinstance(value, int | float)]
    if metrics:
        values["finalMetric"] = metrics[0]
    return values


def _etag(answer: Record) -> str:
    return base64.b64encode(hashlib.sha256(json.dumps(answer).encode()).digest()[:8]).decode()
