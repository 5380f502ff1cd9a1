"""Cloud Logging's entries as ours, and what else they say.

https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry
"""

from __future__ import annotations

import json

from submit.backends.cloud_status import record
from submit.job import NO_FIELDS, JsonObject, LogEntry
from submit.logs import times
from submit.logs.seen import identity

_SERVICE = "ml.googleapis.com/"
_FINAL_WORDS = ("Job completed successfully.", "Job failed.", "Job cancelled.")


def entry_of(item: JsonObject) -> LogEntry:
    """Programs write `jsonPayload`, the service itself `textPayload`. A payload without a message is the message."""
    payload = record(item.get("jsonPayload"))
    message = payload.get("message", item.get("textPayload"))
    labels = record(item.get("labels"))
    trial = labels.get(f"{_SERVICE}trial_id") or labels.get("trial_id")
    return LogEntry(
        times.normal(item.get("timestamp")),
        str(item.get("severity") or "DEFAULT"),
        task_of(item),
        message if isinstance(message, str) else _json(payload if message is None else message),
        str(item.get("insertId") or ""),
        trial=str(trial) if trial else None,
        fields={key: value for key, value in payload.items() if key not in ("message", "levelname")} or NO_FIELDS,
    )


def task_of(item: JsonObject) -> str:
    """`workerpool0-0`, `master-replica-0` … or `service`; older jobs say it in a label of the entry."""
    resource, labels = record(record(item.get("resource")).get("labels")), record(item.get("labels"))
    named = resource.get("task_name") or labels.get("task_name") or labels.get(f"{_SERVICE}task_name")
    return str(named or "service")


def identity_of(item: JsonObject) -> str:
    """The service takes entries of a log with the same time and id for the same; without an id, one is what it says."""
    said = item.get("insertId") or _json(item.get("jsonPayload") or item.get("textPayload"))
    return identity(times.normal(item.get("timestamp")), item.get("logName") or task_of(item), said)


def received(item: JsonObject) -> str:
    """When the service had it; never before the entry's own time."""
    return max(times.normal(item.get("receiveTimestamp")), times.normal(item.get("timestamp")))


def lag_s(item: JsonObject) -> float:
    """How long the entry was on its way."""
    return times.seconds_between(times.normal(item.get("timestamp")), received(item))


def is_final(item: JsonObject) -> bool:
    """Whether it is the service's last word on the job."""
    return str(item.get("textPayload", "")).startswith(_FINAL_WORDS) and task_of(item) == "service"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
