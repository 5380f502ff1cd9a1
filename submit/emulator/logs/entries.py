"""A line of the engine's log as the LogEntry that the real service would show.

https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias
from urllib.parse import quote

from submit.emulator.logs.around import LAST_WORDS, PREPARING, QUEUED, RUNNING, Origin, shown
from submit.emulator.replica_names import task_name

JsonEntry: TypeAlias = dict[str, Any]

_STATES = {
    QUEUED: "QUEUED",
    PREPARING: "PREPARING",
    RUNNING: "RUNNING",
    **dict(zip(LAST_WORDS, ("SUCCEEDED", "FAILED", "CANCELLED"), strict=True)),
}


def entries(line: Mapping[str, Any], timestamp: str, position: int, origin: Origin) -> Iterator[JsonEntry]:
    """The line's entry, and those of what the service says before it.

    `position` is that of the line in its file: `insertId`s sort as the lines do.
    """
    for number, said in enumerate(shown(line, origin)):
        yield _entry(said, timestamp, f"{position:012x}{number:03x}", origin)


def heartbeat(last: JsonEntry, message: str) -> JsonEntry:
    """Sorts directly behind that entry and before all that may follow it."""
    beat = {key: value for key, value in last.items() if key not in ("jsonPayload", "textPayload", "labels")}
    beat["resource"] = {**last["resource"], "labels": {**last["resource"]["labels"], "task_name": "service"}}
    labels = last["resource"]["labels"]
    beat["logName"] = _service_log(labels["project_id"], labels["job_id"])
    return {**beat, "severity": "INFO", "insertId": f"{last['insertId']}h", "textPayload": message}


def _entry(line: Mapping[str, Any], timestamp: str, insert_id: str, origin: Origin) -> JsonEntry:
    task = line["replica"]
    entry = {"insertId": insert_id, "timestamp": timestamp, "receiveTimestamp": timestamp, "severity": line["severity"]}
    if task == "service":
        return {**entry, **_service(line, origin)}
    name = task_name(task) if origin.is_ml_engine else task
    fields = {name: value for name, value in line.get("fields", {}).items() if name != "severity"}
    payload = {**fields, "message": _message(line), "levelname": line["severity"]}
    return {
        **entry,
        "logName": f"projects/{origin.project}/logs/{quote(name, safe='')}",
        "resource": _resource(name, origin),
        "jsonPayload": payload,
        "labels": _labels(line, name, origin),
    }


def _service(line: Mapping[str, Any], origin: Origin) -> JsonEntry:
    state = _STATES.get(line["message"])
    labels = {"ml.googleapis.com/endpoint": ""} | ({"ml.googleapis.com/job_state": state} if state else {})
    return {
        "logName": _service_log(origin.project, origin.job_id),
        "resource": _resource("service", origin),
        "textPayload": line["message"],
        "labels": {**labels, **_trial(line)},
    }


def _service_log(project: str, job_id: str) -> str:
    return f"projects/{project}/logs/ml.googleapis.com%2F{job_id}"


def _resource(task: str, origin: Origin) -> JsonEntry:
    return {"type": "ml_job", "labels": {"job_id": origin.job_id, "project_id": origin.project, "task_name": task}}


def _labels(line: Mapping[str, Any], task: str, origin: Origin) -> dict[str, str]:
    labels = {"ml.googleapis.com/job_id/log_area": "root", **_trial(line)}
    if origin.is_ml_engine:
        labels |= {"ml.googleapis.com/job_id": origin.job_id, "ml.googleapis.com/task_name": task}
    return labels


def _trial(line: Mapping[str, Any]) -> dict[str, str]:
    return {"ml.googleapis.com/trial_id": str(line["trial"])} if line.get("trial") else {}


def _message(line: Mapping[str, Any]) -> str:
    """Never empty for a line that has other fields: `gcloud` shows nothing else of it."""
    message = str(line["message"])
    return message or json.dumps(line["fields"], ensure_ascii=False) if line.get("fields") else message
