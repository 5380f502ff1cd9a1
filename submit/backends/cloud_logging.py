"""Log entries of a job from Cloud Logging, each once, whenever it arrives.

Entries become visible late and out of order, so that reading on from the newest one loses lines. A cursor therefore
remembers how far the log is settled and which entries it has seen since; every look starts a little earlier than the
last one ended. https://cloud.google.com/logging/docs/reference/v2/rest/v2/entries/list
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import cast

from submit.backends.cloud_status import record, records, time_of
from submit.backends.creation import pause
from submit.errors import ErrorKind, ServiceError
from submit.job import JsonObject, LogEntry, LogPage
from submit.logs.times import normal
from submit.steps import Call, Conversation

OVERLAP = timedelta(seconds=20)
"""entries that arrive later than this after newer ones are not shown"""
SETTLED_AFTER = 10
"""looks without anything new after the end of a job whose log has no last words"""
PAGE_SIZE = 1000
FRESH_ENOUGH = 5000
BUSY_PAUSE_S = 5.0
"""when the quota of reads (60 a minute for each project) is used up"""
_TASK = "ml.googleapis.com/"
_FINAL_WORDS = ("Job completed successfully.", "Job failed.", "Job cancelled.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """`since`: nothing older is read again; `seen`: insert id → time of what was shown since; `final`: the service
    has said its last words about the job; `empty`: how many looks in a row brought nothing after the job's end."""

    since: str = ""
    seen: dict[str, str]
    final: bool = False
    empty: int = 0

    @classmethod
    def parse(cls, text: str) -> Cursor:
        return cls(**json.loads(text)) if text else cls(seen={})

    def __str__(self) -> str:
        return json.dumps({"since": self.since, "seen": self.seen, "final": self.final, "empty": self.empty})


def page(cursor: str, project: str, job_id: str, wait_s: float, *, ended: bool) -> Conversation[LogPage]:
    """`ended`: the job was over before this look, so that nothing can come between."""
    before = Cursor.parse(cursor)
    wait_s = 0.0 if ended and before.final else wait_s
    entries, after = yield from _entries_after(before, project, job_id, wait_s)
    if ended and not entries and wait_s:
        after = replace(after, empty=after.empty + 1)
    over = ended and not entries and (after.final or after.empty >= SETTLED_AFTER)
    return LogPage(entries=tuple(entries), cursor=str(after), ended=over)


def _entries_after(
    cursor: Cursor, project: str, job_id: str, wait_s: float
) -> Conversation[tuple[list[LogEntry], Cursor]]:
    """What is new, and where to go on. If nothing is, the answer takes `wait_s`."""
    try:
        found = yield from _fresh(cursor, project, job_id)
    except ServiceError as error:
        if error.kind is not ErrorKind.QUOTA:
            raise
        yield pause(BUSY_PAUSE_S)
        return [], cursor
    if not found and wait_s:
        yield pause(wait_s)
    return [entry_of(item) for item in found], _advanced(cursor, found)


def _fresh(cursor: Cursor, project: str, job_id: str) -> Conversation[list[JsonObject]]:
    since = f' AND timestamp>="{cursor.since}"' if cursor.since else ""
    request: JsonObject = {
        "resourceNames": [f"projects/{project}"],
        "filter": f'resource.type="ml_job" AND resource.labels.job_id="{job_id}"{since}',
        "orderBy": "timestamp asc",
        "pageSize": PAGE_SIZE,
    }
    fresh: dict[str, JsonObject] = {}
    token = ""
    while True:
        page = record((yield Call(api="logging", method="entries.list", request=_at(request, token), assumed={})))
        for item in records(page.get("entries")):
            key = str(item.get("insertId") or json.dumps(item, sort_keys=True))
            if key not in cursor.seen:
                fresh.setdefault(key, item)
        token = str(page.get("nextPageToken") or "")
        if not token or len(fresh) >= FRESH_ENOUGH:
            return list(fresh.values())


def _at(request: JsonObject, token: str) -> JsonObject:
    return {**request, "pageToken": token} if token else request


def _advanced(cursor: Cursor, found: list[JsonObject]) -> Cursor:
    times = {
        str(item.get("insertId") or json.dumps(item, sort_keys=True)): str(item.get("timestamp", "")) for item in found
    }
    if not times:
        return cursor
    seen = {**cursor.seen, **times}
    newest = max(_moment(text) for text in seen.values())
    settled = newest - OVERLAP
    return replace(
        cursor,
        since=settled.isoformat().replace("+00:00", "Z"),
        seen={key: text for key, text in seen.items() if _moment(text) >= settled},
        final=cursor.final or any(_is_final(item) for item in found),
    )


def _moment(text: str) -> datetime:
    return time_of(text) or datetime.fromtimestamp(0, UTC)


def _is_final(item: JsonObject) -> bool:
    return str(item.get("textPayload", "")).startswith(_FINAL_WORDS) and _task(item) == "service"


def entry_of(item: JsonObject) -> LogEntry:
    """Programs write `jsonPayload`, the service itself `textPayload`."""
    payload = record(item.get("jsonPayload"))
    message = payload.get("message", item.get("textPayload"))
    labels = record(item.get("labels"))
    trial = labels.get(f"{_TASK}trial_id")
    fields = {key: value for key, value in payload.items() if key not in ("message", "levelname")}
    return LogEntry(
        timestamp=normal(item.get("timestamp")),
        severity=str(item.get("severity") or "DEFAULT"),
        replica=_task(item),
        message=message if isinstance(message, str) else json.dumps(payload if message is None else message),
        insert_id=str(item.get("insertId", "")),
        trial=str(trial) if trial else None,
        fields=fields,
    )


def _task(item: JsonObject) -> str:
    labels = cast(JsonObject, record(item.get("resource")).get("labels") or {})
    return str(labels.get("task_name") or record(item.get("labels")).get("task_name") or "service")
