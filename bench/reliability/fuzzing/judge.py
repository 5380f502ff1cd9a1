"""What must hold of an answer, whatever was asked."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bench.reliability.fuzzing.wire import Reply, Request

_OWN = ("services.sqlite3", "logs.sqlite3", "emulator.log", "capacity.json", "late.json")
"""What the emulator writes at the top of its data folder."""

CANARY = b"the canary is not in the data folder"
_OURS = ("INTERNAL", "UNKNOWN", "UNAVAILABLE", "DEADLINE_EXCEEDED", "DATA_LOSS")
_AS_GOOGLE_SAYS = "There were gaps in the received range"
"""https://cloud.google.com/storage/docs/performing-resumable-uploads: 503, so that clients ask where to go on."""


def wrong_reply(request: Request, reply: Reply) -> str:
    """Empty if the answer is as it should be."""
    if CANARY in reply.body:
        return "it shows a file from outside"
    if reply.status == 0 or (request.broken and reply.status < 500):
        return ""
    if reply.status >= 500 and reply.status != 501 and _AS_GOOGLE_SAYS.encode() not in reply.body:
        return f"status {reply.status}: {reply.body[:300]!r}"
    if reply.status >= 400 and request.verb != "HEAD":
        return _wrong_refusal(request, reply)
    return ""


def _wrong_refusal(request: Request, reply: Reply) -> str:
    kind = reply.headers.get_content_type()
    if reply.status == 499 and not reply.body:  # an upload that was cancelled
        return ""
    if request.target.startswith("/computeMetadata/"):  # which never has an envelope
        return ""
    if kind == "application/xml":
        return "" if b"<Error><Code>" in reply.body else f"no XML error: {reply.body[:200]!r}"
    if kind in ("text/html", "text/plain"):
        plain = any(word in request.target for word in ("alt=media", "/download/"))
        return "" if plain else f"status {reply.status} in plain text: {reply.body[:200]!r}"
    return _wrong_envelope(reply)


def _wrong_envelope(reply: Reply) -> str:
    try:
        error: Any = json.loads(reply.body)["error"]
    except (ValueError, KeyError, TypeError):
        return f"status {reply.status} without an envelope: {reply.body[:200]!r}"
    if error["code"] != reply.status or not isinstance(error["message"], str) or not error["message"]:
        return f"status {reply.status} with another envelope: {error!r}"[:300]
    return ""


def wrong_code(code: str, message: str, body: bytes) -> str:
    if CANARY in body:
        return "it shows a file from outside"
    return f"{code}: {message[:300]}" if code in _OURS else ""


def tracebacks(log: str) -> Iterator[str]:
    """Each kind once: the last place and the error, and how often it is in the log."""
    found = Counter(_last_lines(part) for part in log.split("Traceback (most recent call last):")[1:])
    yield from (f"{count} tracebacks: {lines}" for lines, count in found.most_common())


def _last_lines(traceback: str) -> str:
    lines = traceback.strip("\n").splitlines()
    end = next((number for number, line in enumerate(lines) if not line.startswith(" ")), len(lines) - 1)
    places = [line.strip() for line in lines[:end] if line.startswith("  File")]
    return f"{lines[end][:200]} ({'; '.join(places[-3:])})"


def plant(root: Path, data: Path) -> None:
    """Files that `../canary` would lead to from wherever the emulator keeps data."""
    for folder in {root, data.parent, data, *data.iterdir()}:
        if folder.is_dir():
            (folder / "canary").write_bytes(CANARY)


def around(root: Path, data: Path, cache: Path) -> Mapping[str, int]:
    """Every file outside of the data folder, and what stands at the top of it; with sizes (-1: a folder)."""
    inside = (data / "buckets", data / "engine", data / "storage", cache)
    found = (path for path in root.rglob("*") if not any(path.is_relative_to(each) for each in inside))
    kept = (path for path in found if not path.name.startswith(_OWN))
    return {str(path.relative_to(root)): path.stat().st_size if path.is_file() else -1 for path in kept}
