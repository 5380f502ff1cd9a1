"""A line of the engine's log as the LogEntry that the real service would show.

https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeAlias
from urllib.parse import quote

from submit.emulator.logs.around import LAST_WORDS, PREPARING, QUEUED, RUNNING, Origin, shown
from submit.emulator.logs.special_fields import specials
from submit.emulator.replica_names import task_name

JsonEntry: TypeAlias = dict[str, Any]

_STATES = {
    QUEUED: "QUEUED",
    PREPARING: "PREPARING",
    RUNNING: "RUNNING",
    **dict(zip(LAST_WORDS, ("SUCCEEDED", "FAILED", "CANCELLED"), strict=True)),
}


def entries(line: Mapping[str, Any], timestamp: str, position: int, origin: Origin) -> Sequence[JsonEntry]:
    """The line's entry, and those of what the service says before it.

    `position` is that of the line in its file: `insertId`s sort as the lines do.
    """
    if line["stream"] and not line["id"].endswith(".0"):  # the trainer's own: nearly all
        return (_entry(line, timestamp, f"{position:012x}000", origin),)
    return [
        _entry(said, timestamp, f"{position:012x}{number:03x}", origin)
        for number, said in enumerate(shown(line, origin))
    ]


def heartbeat(last: JsonEntry, message: str) -> JsonEntry:
    """Sorts directly behind that entry and before all that may follow it."""
    beat = {key: value for key, value in last.items() if key not in ("jsonPayload", "textPayload", "labels")}
    beat["resource"] = {**last["resource"], "labels": {**last["resource"]["labels"], "task_name": "service"}}
    labels = last["resource"]["labels"]
    beat["logName"] = _service_log(labels["project_id"], labels["job_id"])
    return {**beat, "severity": "INFO", "insertId": f"{last['insertId']}h", "textPayload": message}


def for_gcloud(entry: JsonEntry) -> JsonEntry:
    """With a text as message: `gcloud` shows an empty line where there is none, and ends at a number or an object."""
    payload = entry.get("jsonPayload")
    if payload is None or (isinstance(payload.get("message"), str) and payload["message"]):
        return entry
    fields = {name: value for name, value in payload.items() if name not in ("message", "levelname")}
    text = payload.get("message") or fields
    return {**entry, "jsonPayload": {**payload, "message": json.dumps(text, ensure_ascii=False) if text else ""}}


def _entry(line: Mapping[str, Any], timestamp: str, insert_id: str, origin: Origin) -> JsonEntry:
    severity = line["severity"]
    entry = {"insertId": insert_id, "timestamp": timestamp, "receiveTimestamp": timestamp, "severity": severity}
    if line["replica"] == "service":
        return entry | _service(line, origin)
    frame = _frame(line["replica"], line.get("trial"), origin)
    entry |= frame
    fields = line.get("fields")
    if not fields:
        entry["jsonPayload"] = {"message": line["message"], "levelname": severity}
        return entry
    payload, lifted = specials(fields)
    payload = {name: value for name, value in payload.items() if name not in ("severity", "message")}
    if line["message"]:
        payload["message"] = line["message"]
    labels = {**frame["labels"], **lifted.pop("labels", {})}
    return {**entry, **lifted, "labels": labels, "jsonPayload": {**payload, "levelname": severity}}


@lru_cache(maxsize=4096)
def _frame(replica: str, trial: str | None, origin: Origin) -> JsonEntry:
    """What all entries of a replica have in common; nobody may change it."""
    task = task_name(replica) if origin.is_ml_engine else replica
    labels = {"ml.googleapis.com/job_id/log_area": "root", **_trial(trial)}
    if origin.is_ml_engine:
        labels |= {"ml.googleapis.com/job_id": origin.job_id, "ml.googleapis.com/task_name": task}
    return {
        "logName": f"projects/{origin.project}/logs/{quote(task, safe='')}",
        "resource": _resource(task, origin),
        "labels": labels,
    }


def _service(line: Mapping[str, Any], origin: Origin) -> JsonEntry:
    state = _STATES.get(line["message"])
    labels = {"ml.googleapis.com/endpoint": ""} | ({"ml.googleapis.com/job_state": state} if state else {})
    return {
        "logName": _service_log(origin.project, origin.job_id),
        "resource": _resource("service", origin),
        "textPayload": line["message"],
        "labels": {**labels, **_trial(line.get("trial"))},
    }


def _service_log(project: str, job_id: str) -> str:
    return f"projects/{project}/logs/ml.googleapis.com%2F{job_id}"


def _resource(task: str, origin: Origin) -> JsonEntry:
    return {"type": "ml_job", "labels": {"job_id": origin.job_id, "project_id": origin.project, "task_name": task}}


def _trial(trial: str | None) -> dict[str, str]:
    return {"ml.googleapis.com/trial_id": str(trial)} if trial else {}
