"""What a request to write entries means: each entry with all that the request and the service add to it."""

from __future__ import annotations

import itertools
import re
import time
from datetime import UTC, datetime
from typing import Any

from submit.emulator.logs.entries import JsonEntry
from submit.emulator.rpc.errors import bad_request
from submit.emulator.rpc.transcoding import to_json

_LOG_NAME = re.compile(r"(?:projects|organizations|folders|billingAccounts)/[^/]+/logs/[A-Za-z0-9/_.%-]{1,512}")
_numbers = itertools.count()


def complete(request: Any) -> list[JsonEntry]:
    """Of a `google.logging.v2.WriteLogEntriesRequest`. Raises `RpcError`."""
    common = to_json(request)
    if not common.get("entries"):
        raise bad_request("At least one log entry must be specified.")
    return [_complete(entry, common) for entry in common["entries"]]


def _complete(entry: JsonEntry, common: JsonEntry) -> JsonEntry:
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    whole: JsonEntry = {
        "timestamp": now,
        "insertId": f"{time.time_ns():019}w{next(_numbers):x}",
        **{name: common[name] for name in ("logName", "resource") if name in common},
        **entry,
        "receiveTimestamp": now,
        "labels": {**common.get("labels", {}), **entry.get("labels", {})},
    }
    if not _LOG_NAME.fullmatch(whole.get("logName", "")):
        raise bad_request(f'Invalid log name "{whole.get("logName", "")}": it is like "projects/p/logs/name".')
    if not whole.get("resource", {}).get("type"):
        raise bad_request("A monitored resource must be specified for each entry.")
    return whole
