"""Cloud Logging's entries as ours, and what else they say.

https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry
"""

from __future__ import annotations

import json
from typing import cast

from submit.backends.cloud_status import record
from submit.logs import times
from submit.logs.seen import identity
from submit.status import NO_FIELDS, JsonObject, LogEntry

_PLAIN = frozenset(("message", "levelname"))
"""What a payload without fields consists of."""
_FINAL_WORDS = ("Job completed successfully.", "Job failed.", "Job cancelled.")


def times_of(item: JsonObject) -> tuple[str, str]:
    """The entry's own time, and when the service had it; that is before if the machine's clock is ahead."""
    written, received = item.get("timestamp"), item.get("receiveTimestamp")
    timestamp = times.normal(written)
    return timestamp, timestamp if received is None or received == written else times.normal(received)


def entry_of(item: JsonObject, timestamp: str) -> LogEntry:
    """Programs write `jsonPayload`, the service itself `textPayload`. A payload without a message is the message."""
    payload, labels = record(item.get("jsonPayload")), item.get("labels")
    message = payload.get("message", item.get("textPayload"))
    fields = NO_FIELDS
    if not payload.keys() <= _PLAIN:
        fields = {key: value for key, value in payload.items() if key not in _PLAIN}
    return LogEntry(
        timestamp,
        cast(str, item.get("severity") or "DEFAULT"),
        task_of(item),
        message if isinstance(message, str) else _json(payload if message is None else message),
        cast(str, item.get("insertId") or ""),
        "",
        _trial(labels) if isinstance(labels, dict) else None,
        fields,
    )


def _trial(labels: JsonObject) -> str | None:
    trial = labels.get("ml.googleapis.com/trial_id") or labels.get("trial_id")
    return str(trial) if trial else None


def task_of(item: JsonObject) -> str:
    """`workerpool0-0`, `master-replica-0` … or `service`; older jobs say it in a label of the entry."""
    resource = item.get("resource")
    labels = resource.get("labels") if isinstance(resource, dict) else None
    task = labels.get("task_name") if isinstance(labels, dict) else None
    if not task:
        labels = record(item.get("labels"))
        task = labels.get("task_name") or labels.get("ml.googleapis.com/task_name")
    return str(task or "service")


def identity_of(item: JsonObject, timestamp: str) -> str:
    """The service takes entries of a log with the same time and id for the same; without an id, one is what it says."""
    said = item.get("insertId") or _json(item.get("jsonPayload") or item.get("textPayload"))
    return identity(timestamp, cast(str, item.get("logName") or task_of(item)), cast(str, said))


def is_final(item: JsonObject) -> bool:
    """Whether it is the service's last word on the job."""
    words = item.get("textPayload")
    return isinstance(words, str) and words.startswith(_FINAL_WORDS) and task_of(item) == "service"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
