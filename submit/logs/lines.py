"""The lines of a log as the launcher writes them: a JSON object each."""

from __future__ import annotations

import json

from submit.logs.times import normal
from submit.status import NO_FIELDS, LogEntry

_decode = json.JSONDecoder().raw_decode


def entries(text: str) -> list[LogEntry]:
    """Of whole lines; what is no entry at all is left out."""
    lines = text.split("\n")  # not at what else Unicode takes for the end of a line
    return [entry for line in lines if line and (entry := entry_of(line))]


def entry_of(line: str) -> LogEntry | None:
    """A line that a crash left torn is shown as it is rather than lost."""
    try:
        record = _decode(line)[0]
    except ValueError:
        record = {"message": line}
    if type(record) is not dict:
        return None
    find = record.get
    message = find("message", "")
    return LogEntry(
        normal(find("time")),
        find("severity", "DEFAULT"),
        find("replica", "service"),
        message if type(message) is str else json.dumps(message),
        find("id", ""),
        find("stream", ""),
        find("trial"),
        find("fields") or NO_FIELDS,
    )
