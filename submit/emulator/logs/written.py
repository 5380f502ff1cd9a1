"""Entries that clients have written, in a SQLite file."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from submit.emulator.logs.entries import JsonEntry
from submit.emulator.logs.fields import time_text

_SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (
    number INTEGER PRIMARY KEY, project TEXT, time TEXT, insert_id TEXT, log_name TEXT, entry TEXT,
    UNIQUE (project, time, insert_id, log_name) ON CONFLICT IGNORE  -- as the service, which takes them for the same
)
"""
_PAGE = 500


class Written:
    """Calls block."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        self._lock = threading.Lock()
        self._ask("PRAGMA journal_mode = WAL")
        self._ask(_SCHEMA)

    def close(self) -> None:
        self._connection.close()

    def clear(self) -> None:
        self._ask("DELETE FROM entries")

    def write(self, entries: Iterable[JsonEntry]) -> None:
        """All or none; every entry has `logName`, `timestamp` and `insertId`."""
        rows = [
            (_project(entry), time_text(entry["timestamp"]), entry["insertId"], entry["logName"], json.dumps(entry))
            for entry in entries
        ]
        statement = "INSERT INTO entries (project, time, insert_id, log_name, entry) VALUES (?, ?, ?, ?, ?)"
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany(statement, rows)
            self._connection.execute("COMMIT")

    def between(self, project: str, first: str, last: str, *, newest_first: bool = False) -> Iterator[JsonEntry]:
        """The project's entries of that period, in order."""
        way, than = ("DESC", "<") if newest_first else ("ASC", ">")
        place: tuple[str, ...] = ("~" if newest_first else "", "", "")
        while True:
            rows = self._ask(
                "SELECT entry, time, insert_id, log_name FROM entries WHERE project = ? AND time >= ? AND time <= ? "  # noqa: S608 - two words of ours
                f"AND (time, insert_id, log_name) {than} (?, ?, ?) "
                f"ORDER BY time {way}, insert_id {way}, log_name {way} LIMIT ?",
                *(project, first, last, *place, _PAGE),
            )
            for row in rows:
                yield json.loads(row[0])
            if len(rows) < _PAGE:
                return
            place = rows[-1][1:]

    def behind(self, number: int) -> list[tuple[int, JsonEntry]]:
        """What was written after the entry with that number, with the entries' own."""
        rows = self._ask("SELECT number, entry FROM entries WHERE number > ? ORDER BY number LIMIT ?", number, _PAGE)
        return [(row[0], json.loads(row[1])) for row in rows]

    def last_number(self) -> int:
        return int(self._ask("SELECT coalesce(max(number), 0) FROM entries")[0][0])

    def _ask(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._connection.execute(statement, values).fetchall()


def _project(entry: JsonEntry) -> str:
    return str(entry["logName"]).split("/")[1]
