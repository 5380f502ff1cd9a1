"""The store: every job of an engine as a row in SQLite (WAL), which survives `kill -9` of any process at any point.

One connection per process. Each transition is one transaction; those that depend on what others do (claiming a job)
begin immediately, so that they exclude each other.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from submit.engine.folder import JobFolder, read_json

if TYPE_CHECKING:
    from submit.job import Json, JsonObject

VERSION = 3
_SCHEMA = """
CREATE TABLE jobs (
    sequence      INTEGER PRIMARY KEY AUTOINCREMENT,
    id            TEXT NOT NULL UNIQUE,
    submission_id TEXT NOT NULL,
    state         TEXT NOT NULL,
    held          TEXT,                      -- why a queued job is not to be started, for whoever holds it
    preemptions   INTEGER NOT NULL DEFAULT 0, -- how often its supervisor was asked to take its machines away
    request       TEXT NOT NULL,             -- JSON, as `create` was given it
    origin        TEXT NOT NULL,             -- JSON, submit.engine.origin.Origin
    offers        INTEGER NOT NULL DEFAULT 0,
    create_time   TEXT NOT NULL,
    start_time    TEXT,
    end_time      TEXT,
    cause         TEXT,
    exit_code     INTEGER,
    message       TEXT NOT NULL DEFAULT '',
    traceback     TEXT NOT NULL DEFAULT '',
    replicas      TEXT NOT NULL DEFAULT '[]',
    trials        TEXT NOT NULL DEFAULT '[]',
    groups        TEXT NOT NULL DEFAULT '[]'  -- process groups, for whoever finds the supervisor lost
);
CREATE INDEX jobs_by_state ON jobs (state, held, sequence);  -- whoever looks for what waits reads nothing else
CREATE TABLE starts (token TEXT PRIMARY KEY, at REAL NOT NULL);  -- supervisors that are on their way
"""
_SINCE_1 = """
ALTER TABLE jobs ADD COLUMN held TEXT;
ALTER TABLE jobs ADD COLUMN preemptions INTEGER NOT NULL DEFAULT 0;
"""
_SINCE_2 = """
DROP INDEX jobs_by_state;
CREATE INDEX jobs_by_state ON jobs (state, held, sequence);
"""
_CHANGES = {0: _SCHEMA, 1: _SINCE_1 + _SINCE_2, 2: _SINCE_2}
"""From each older version to this one."""
_ENDING = ("state", "start_time", "end_time", "cause", "exit_code", "message", "traceback", "replicas", "trials")


class DamagedStoreError(Exception):
    """The database file was damaged. It has been moved aside and rebuilt from the jobs' folders."""


class NewerStoreError(Exception):
    """The database was made by a newer version of jobdir."""


class Store:
    """Also usable from several threads of one process."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.path = root / "jobs.sqlite3"
        self._thread = threading.RLock()
        with self._repairing():
            self._connect()

    def close(self) -> None:
        self._connection.close()

    def read(self, sql: str, *values: object) -> list[sqlite3.Row]:
        with self._thread, self._repairing():
            self._follow()
            return self._connection.execute(sql, values).fetchall()

    def stamp(self) -> tuple[int, ...]:
        """Another one whenever anything was written, by us or by others: https://sqlite.org/pragma.html#pragma_data_version"""
        (others,) = self.read("PRAGMA data_version")[0]
        return self._file, others, self._connection.total_changes

    def write(self, sql: str, *values: object) -> int:
        """One statement in a transaction of its own; how many rows it changed."""
        with self._thread, self._repairing():
            self._follow()
            return self._connection.execute(sql, values).rowcount

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Excludes all other writers until it is over; rolled back if the body raises."""
        with self._thread, self._repairing():
            self._follow()
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # SQLite has rolled back itself if the disk is full
                    self._connection.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def _repairing(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            if getattr(error, "sqlite_errorname", "") not in ("SQLITE_CORRUPT", "SQLITE_NOTADB"):
                raise
            said = _move_aside(self.path, str(error))
            self._reconnect()
            raise DamagedStoreError(said) from error

    def _follow(self) -> None:
        """Another process may have put a rebuilt database in our file's place."""
        if self.path.stat().st_ino != self._file:
            self._reconnect()

    def _connect(self) -> None:
        self._connection = _open(self.path)
        self._file = self.path.stat().st_ino

    def _reconnect(self) -> None:
        if hasattr(self, "_connection"):
            self._connection.close()
        self._connect()


def insert(connection: sqlite3.Connection, request: JsonObject, origin: Any, state: str, create_time: str) -> None:
    connection.execute(
        "INSERT INTO jobs (id, submission_id, held, state, request, origin, create_time) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            *(request["id"], request["submission_id"], request.get("held")),
            *(state, json.dumps(request), json.dumps(origin), create_time),
        ),
    )


def save_ending(connection: sqlite3.Connection, job: str, ending: JsonObject) -> bool:
    """Writes how a job ended, as `read_json(folder.ended)` has it; False if another ending was there already."""
    columns = ", ".join(f"{name} = ?" for name in _ENDING)
    values = [_cell(value) for value in map(ending.get, _ENDING)]
    open_only = "state NOT IN ('SUCCEEDED', 'FAILED', 'CANCELLED')"
    sql = f"UPDATE jobs SET {columns}, groups = '[]' WHERE id = ? AND {open_only}"  # noqa: S608 - our own constants
    return connection.execute(sql, (*values, job)).rowcount == 1


def _cell(value: Json) -> str | int | float | None:
    """As SQLite takes it: lists as JSON, and no halves of characters, which a trainer's JSON lines may have."""
    if isinstance(value, str):
        return value.encode(errors="backslashreplace").decode()
    return json.dumps(value) if isinstance(value, list | dict) else value


def response(row: sqlite3.Row, root: Path) -> JsonObject:
    """A job as clients see it."""
    request = json.loads(row["request"])
    return {
        "id": row["id"],
        "submission_id": row["submission_id"],
        "display_name": request.get("display_name") or row["id"],
        "labels": request.get("labels") or {},
        **{key: row[key] for key in ("state", "held", "message", "cause", "exit_code", "traceback")},
        **{key: row[key] for key in ("create_time", "start_time", "end_time")},
        "replicas": json.loads(row["replicas"]),
        "trials": json.loads(row["trials"]),
        "job_dir": request.get("job_dir"),
        "log": str(JobFolder.of(root, row["id"]).log),
        "client": request.get("client"),
        "request": request,
    }


def _open(path: Path) -> sqlite3.Connection:
    # Private from the first; SQLite gives its other files the same mode. Only if it is new: to close a descriptor of a
    # database would free the locks that other connections of this process hold.
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    connection = sqlite3.connect(path, timeout=20.0, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    try:
        connection.execute("PRAGMA synchronous = NORMAL")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version < VERSION:
            with _alone(path.parent):
                _make(connection)
        elif version > VERSION:
            raise NewerStoreError(str(path))
        connection.execute("SELECT count(*) FROM jobs WHERE state = 'QUEUED'").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _make(connection: sqlite3.Connection) -> None:
    """Brings a new or older database to this version; another process may have been faster."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version == 0:
        connection.execute("PRAGMA journal_mode = WAL")
    if version < VERSION:
        connection.executescript(f"BEGIN; {_CHANGES[version]} PRAGMA user_version = {VERSION}; COMMIT;")


@contextlib.contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Only one process at a time makes or repairs a store."""
    lock = os.open(root / "store.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _move_aside(path: Path, reason: str) -> str:
    """Puts a rebuilt database in the place of a damaged one; a sentence about it."""
    with _alone(path.parent):
        try:
            _open_damaged_or_raise(path)
        except sqlite3.DatabaseError:
            aside = path.with_name(f"{path.name}.damaged-{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}")
            for suffix in ("", "-wal", "-shm"):
                source = path.with_name(path.name + suffix)
                if source.exists():
                    source.rename(aside.with_name(aside.name + suffix))
            count = _rebuild(path)
            return f"the job store was damaged ({reason}): moved to {aside}, {count} jobs found again in their folders"
    return f"the job store was damaged ({reason}) and has been rebuilt by another process"


def _open_damaged_or_raise(path: Path) -> None:
    """Raises if the file is damaged; returns if somebody has repaired it meanwhile."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        answer: Sequence[str] = connection.execute("PRAGMA integrity_check").fetchone()
        version = connection.execute("PRAGMA user_version").fetchone()[0]
    finally:
        connection.close()
    if answer[0] != "ok" or version == 0:
        raise sqlite3.DatabaseError(answer[0])


def _rebuild(path: Path) -> int:
    """Makes a new database out of the jobs' folders; how many jobs it has."""
    connection = sqlite3.connect(path, isolation_level=None)
    _make(connection)
    jobs = [read_json(JobFolder(folder).job) for folder in (path.parent / "jobs").glob("*")]
    jobs = sorted(filter(None, jobs), key=lambda job: str(job["create_time"]))
    connection.execute("BEGIN")
    for job in jobs:
        _insert_again(connection, JobFolder.of(path.parent, job["request"]["id"]), job)
    connection.execute("COMMIT")
    connection.close()
    return len(jobs)


def _insert_again(connection: sqlite3.Connection, folder: JobFolder, job: Any) -> None:
    """A job that a supervisor had taken is put in as running: if its lock is free, the next look settles it."""
    taken = folder.lock.exists()
    insert(connection, job["request"], job["origin"], "RUNNING" if taken else "QUEUED", job["create_time"])
    if ending := read_json(folder.ended):
        save_ending(connection, job["request"]["id"], ending)
