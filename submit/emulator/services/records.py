"""What the services remember beside the engine's jobs: JSON records in SQLite that outlive the emulator."""

from __future__ import annotations

import json
import sqlite3
import threading
from pathlib import Path
from typing import Any, TypeAlias

Record: TypeAlias = dict[str, Any]
"""A JSON object."""


class Records:
    """Records by kind (`operations`, `labels` …) and name. Usable from several threads."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS records"
            " (sequence INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT, name TEXT, data TEXT, UNIQUE (kind, name))"
        )

    def close(self) -> None:
        self._connection.close()

    def put(self, kind: str, name: str, data: Record) -> None:
        sql = "INSERT INTO records (kind, name, data) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET data = excluded.data"
        self._run(sql, kind, name, json.dumps(data))

    def get(self, kind: str, name: str) -> Record | None:
        rows = self._run("SELECT data FROM records WHERE kind = ? AND name = ?", kind, name)
        found: Record | None = json.loads(rows[0][0]) if rows else None
        return found

    def all(self, kind: str) -> list[Record]:
        """Newest first."""
        rows = self._run("SELECT data FROM records WHERE kind = ? ORDER BY sequence DESC", kind)
        return [json.loads(data) for (data,) in rows]

    def by_name(self, kind: str) -> dict[str, Record]:
        rows = self._run("SELECT name, data FROM records WHERE kind = ?", kind)
        return {name: json.loads(data) for name, data in rows}

    def delete(self, kind: str, name: str) -> None:
        self._run("DELETE FROM records WHERE kind = ? AND name = ?", kind, name)

    def clear(self) -> None:
        self._run("DELETE FROM records")

    def _run(self, sql: str, *values: str) -> list[tuple[str, ...]]:
        with self._lock:
            return self._connection.execute(sql, values).fetchall()
