"""The journal's database file: made, opened, and made anew from its records when it was damaged."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from submit.errors import ErrorKind, ServiceError
from submit.intents.intent import Intent
from submit.job import Json

VERSION = 1
_SCHEMA = """
CREATE TABLE intents (
    submission_id TEXT PRIMARY KEY,
    state         TEXT NOT NULL,
    began         REAL NOT NULL,   -- seconds since 1970
    handle        TEXT,
    intent        TEXT NOT NULL    -- JSON, submit.intents.intent.Intent
) WITHOUT ROWID;
CREATE INDEX intents_by_state ON intents (state, began);
CREATE INDEX intents_by_handle ON intents (handle);
"""
WRITE = "INSERT OR REPLACE INTO intents VALUES (?, ?, ?, ?, ?)"
BUSY_S = 20.0


def open_journal(path: Path, records: Path) -> sqlite3.Connection:
    with contextlib.suppress(FileExistsError):  # private from the first; SQLite gives its other files the same mode
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
    try:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            with _alone(path.parent):
                _make(connection, records)
        elif version > VERSION:
            hint = "Update jobdir, or choose another folder with `--state-dir` or SUBMIT_STATE_DIR."
            raise ServiceError(f"`{path}` was made by a newer version of jobdir", kind=ErrorKind.INTERNAL, hint=hint)
    except BaseException:
        connection.close()
        raise
    return connection


def _make(connection: sqlite3.Connection, records: Path) -> None:
    """With what the records know, if there was a journal before."""
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("BEGIN IMMEDIATE")
    if connection.execute("PRAGMA user_version").fetchone()[0] == 0:  # else another process was faster
        for statement in filter(str.strip, _SCHEMA.split(";")):
            connection.execute(statement)
        for record in records.glob("*.json"):
            with contextlib.suppress(ValueError, KeyError, TypeError):  # not ours, or damaged as well
                intent = Intent.from_json(json.loads(record.read_bytes()))
                connection.execute(WRITE, row(intent, intent.to_json()))
        connection.execute(f"PRAGMA user_version = {VERSION}")
    connection.execute("COMMIT")


def make_anew(path: Path, records: Path, reason: str) -> str:
    """Puts one made of the records in the place of a damaged journal; a sentence about it, "" if others did so."""
    with _alone(path.parent):
        if _is_well(path):
            return ""
        aside = path.with_name(f"{path.name}.damaged-{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}")
        for suffix in ("", "-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                path.with_name(path.name + suffix).rename(aside.with_name(aside.name + suffix))
    with contextlib.closing(open_journal(path, records)) as connection:
        count = connection.execute("SELECT count(*) FROM intents").fetchone()[0]
    return f"the journal was damaged ({reason}): moved to {aside}, {count} submissions found again in their records"


def _is_well(path: Path) -> bool:
    try:
        with contextlib.closing(sqlite3.connect(path, timeout=BUSY_S)) as connection:
            checked = connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
            return bool(checked and connection.execute("PRAGMA user_version").fetchone()[0])
    except sqlite3.DatabaseError:
        return False


def row(intent: Intent, record: Mapping[str, Json]) -> tuple[str, str, float, str | None, str]:
    return intent.submission_id, intent.state.value, intent.began.wall, intent.handle, json.dumps(record)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Only one process at a time makes or repairs a journal: SQLite does not wait when it changes to WAL."""
    held = lock(folder / "repair", wait=True)
    try:
        yield
    finally:
        os.close(held)


def lock(path: Path, *, wait: bool = False) -> int:
    """A descriptor that holds a lock; BlockingIOError if another process holds it."""
    held = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        import fcntl

        fcntl.flock(held, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except ModuleNotFoundError:  # Windows: whether somebody is busy with it shows in its age alone
        return held
    except BaseException:
        os.close(held)
        raise
    return held
