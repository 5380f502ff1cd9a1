"""What Google's answers about a job mean: times, and the cause behind the words of an error.

The words: https://cloud.google.com/vertex-ai/docs/training/monitor-debug-interactive-shell and the service's own logs.
"""

from __future__ import annotations

import re
from datetime import datetime
from urllib.parse import quote

from submit.status import Cause, Json, JsonObject, State

_CAUSES = (
    (r"ran out of memory|low on memory|\bOOM\b", Cause.OUT_OF_MEMORY),
    (r"preempt", Cause.PREEMPTED),
    (r"Resources are insufficient", Cause.STOCK_OUT),
    (r"time ?-?out|timed out|exceeded .*(run|maximum).* ?time|deadline", Cause.TIMEOUT),
    (r"was (terminated|killed) by signal|Termination reason: Signal", Cause.SIGNAL),
    (r"exited with a non-zero status", Cause.EXIT_CODE),
    (r"install|pip3? |No matching distribution|image .*not found|pull", Cause.ENVIRONMENT),
    (r"cancel", Cause.CANCELLED),
)


def cause_of(state: State, words: str) -> Cause | None:
    """The first that the words speak of; none for jobs that did well or go on."""
    if state is State.CANCELLED:
        return Cause.CANCELLED
    if state is not State.FAILED:
        return None
    return next((cause for pattern, cause in _CAUSES if re.search(pattern, words, re.IGNORECASE)), None)


def exit_code_of(words: str) -> int | None:
    found = re.search(r"non-zero status of (\d+)", words)
    return int(found[1]) if found else None


def traceback_of(words: str) -> str:
    """The trainer's own words, which the service puts behind the reason."""
    found = re.search(
        r"^Traceback \(most recent call last\):.*?(?=^To find out more|\Z)", words, re.DOTALL | re.MULTILINE
    )
    return found[0].strip() if found else ""


def time_of(value: Json) -> datetime | None:
    """RFC 3339 with up to nine digits of a second."""
    return datetime.fromisoformat(value) if isinstance(value, str) and value else None


def duration(seconds: float | None) -> str | None:
    """The JSON form of a protobuf duration."""
    return None if seconds is None else f"{seconds:.9f}".rstrip("0").rstrip(".") + "s"


def record(value: Json) -> JsonObject:
    return value if isinstance(value, dict) else {}


def records(value: Json) -> list[JsonObject]:
    return [record(item) for item in value] if isinstance(value, list) else []


def log_link(project: str, job_id: str) -> str:
    query = quote(f'resource.type="ml_job"\nresource.labels.job_id="{job_id}"', safe="")
    return f"https://console.cloud.google.com/logs/query;query={query}?project={quote(project)}"
