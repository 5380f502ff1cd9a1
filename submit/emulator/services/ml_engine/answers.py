"""An engine's job as ML Engine's `Job`."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import Any

from submit.emulator.services.ml_engine.replicas import REPLICAS
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

_REPLICA = re.compile(r"workerpool(\d)-(\d+)")


def as_job(job: Record, labels: dict[str, str] | None) -> Record:
    """`labels` are those that the job was given later."""
    body: Record = job["client"]["body"]
    times = {"createTime": job["create_time"], "startTime": job["start_time"], "endTime": job["end_time"]}
    labels = body.get("labels", {}) if labels is None else labels
    answer = {
        **body,
        "state": job["state"],
        **{key: value for key, value in times.items() if value},
        "trainingOutput": _output(job, body["trainingInput"].get("hyperparameters")),
    }
    answer.pop("labels", None)
    if labels:
        answer["labels"] = labels
    if job["state"] == "FAILED":
        answer["errorMessage"] = in_words(failure_message(job))
    return {**answer, "etag": _etag(answer)}


def in_words(message: str) -> str:
    """`workerpool0-0` is `master 0`."""
    return _REPLICA.sub(lambda match: f"{REPLICAS[int(match[1])].words} {match[2]}", message)


def _output(job: Record, study: Record | None) -> Record:
    if study is None:
        return {}
    trials = [_trial(trial) for trial in job["trials"]]
    ended = [trial for trial in trials if trial["state"] == "SUCCEEDED"]
    tag = study.get("hyperparameterMetricTag", "training/hptuning/metric")
    return {
        "isHyperparameterTuningJob": True,
        "hyperparameterMetricTag": tag,
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
