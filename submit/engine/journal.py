"""The log of a job: one JSON object per line, appended with one write each, so that lines of many writers never mix."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Mapping
from enum import IntEnum
from pathlib import Path
from typing import Any

_LAST_WORDS = {
    "SUCCEEDED": "Job completed successfully.",
    "FAILED": "Job failed.",
    "CANCELLED": "Job cancelled.",
}


class Writer(IntEnum):
    """Who speaks as `service`; it makes the ids of their lines differ."""

    CREATE = 0
    SUPERVISOR = 1
    SETTLE = 2
    CANCEL = 3


class ServiceLog:
    """Appends the service's own lines, as Vertex AI's `service` task does."""

    def __init__(self, path: Path, writer: Writer) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._writer = writer
        self._count = 0
        self._torn = False

    def say(self, message: str, *, severity: str = "INFO", trial: str | None = None) -> None:
        line: dict[str, object] = {
            "time": now(),
            "severity": severity,
            "replica": "service",
            "message": message,
            "id": f"service.{int(self._writer)}.{self._count}",
            "stream": "",
        }
        if trial is not None:
            line["trial"] = trial
        self._count += 1
        self._write(json.dumps(line).encode() + b"\n")

    def _write(self, line: bytes) -> None:
        """A full disk is no reason to end a job: what the line says stands in the store as well."""
        with contextlib.suppress(OSError):
            written = os.write(self._descriptor, b"\n" + line if self._torn else line)
            self._torn = written < len(line)

    def close(self) -> None:
        os.close(self._descriptor)


def say_last(log: ServiceLog, ending: Mapping[str, Any]) -> None:
    """The service's last words on a job that ended so."""
    severity = "ERROR" if ending["state"] == "FAILED" else "INFO"
    if ending["state"] == "FAILED":
        log.say("\n".join(filter(None, [ending["message"], ending["traceback"]])), severity=severity)
    log.say(_LAST_WORDS[ending["state"]], severity=severity)


def has_last_words(path: Path, ending: Mapping[str, Any]) -> bool:
    """Whether a log, to which nobody writes any more, ends with them."""
    if not path.exists():
        return False
    with path.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - 1000))
        tail = file.read().decode(errors="replace")
    return f'"replica": "service", "message": "{_LAST_WORDS[ending["state"]]}"' in tail.rpartition("\n{")[2]


def read_page(path: Path, position: int, limit: int) -> tuple[str, int]:
    """As `read_lines`, as text."""
    whole = read_lines(path, position, limit)
    return whole.decode(errors="replace"), position + len(whole)


def read_lines(path: Path, position: int, limit: int) -> bytes:
    """Whole lines from the byte `position` on, about `limit` bytes but at least one line."""
    try:
        with path.open("rb") as file:
            file.seek(position)
            data = file.read(limit)
            while data and b"\n" not in data and (more := file.read(limit)):
                data += more
    except FileNotFoundError:
        return b""
    return data[: data.rfind(b"\n") + 1]


def is_whole(path: Path, position: int) -> bool:
    """Whether nothing follows the position; nothing does if somebody has removed the file."""
    try:
        return path.stat().st_size <= position
    except FileNotFoundError:
        return True


def drop_unfinished_line(path: Path) -> None:
    """Cuts what a killed writer left without an end; only for a log that nobody writes to any more."""
    if not path.exists():
        return
    with path.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        start = max(0, size - (4 << 20))
        file.seek(start)
        tail = file.read()
        if tail and not tail.endswith(b"\n"):
            file.truncate(start + tail.rfind(b"\n") + 1)


def end_torn_line(path: Path) -> None:
    """Ends what a killed writer left without an end, so that the next writer's line is a line of its own."""
    with contextlib.suppress(OSError), path.open("a+b", buffering=0) as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 1))
        if size and file.read(1) != b"\n":
            file.write(b"\n")


def now() -> str:
    """The time in UTC as Cloud Logging writes it, always with nine digits of a second."""
    seconds, nanoseconds = divmod(time.time_ns(), 1_000_000_000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{nanoseconds:09}Z"
