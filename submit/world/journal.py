"""The door to the journal of submissions: SQLite (WAL) in the state folder, which survives `kill -9` at any point.

submissions/journal.sqlite3    each intent as a row
submissions/records/<id>.json  the same for each submission, from which a damaged journal is made anew
submissions/alive/<id>         locked by whoever is submitting it: free the instant that process dies
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from submit.errors import ErrorKind, ServiceError
from submit.intents.intent import OPEN, Intent
from submit.job import Json
from submit.world import files

T = TypeVar("T")
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
_WRITE = "INSERT OR REPLACE INTO intents VALUES (?, ?, ?, ?, ?)"
_OPEN = f"SELECT intent FROM intents WHERE state IN ({', '.join('?' * len(OPEN))}) ORDER BY began"  # noqa: S608
_BUSY_S = 20.0


class Journal:
    """Also usable from several threads. `damage` is a sentence about a journal that was found damaged and has been
    made anew; "" if it was well."""

    def __init__(self, state_dir: Path) -> None:
        self.folder = state_dir / "submissions"
        self._path = self.folder / "journal.sqlite3"
        self._alive: dict[str, int] = {}
        self._thread = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._file = 0
        self.damage = ""

    def close(self) -> None:
        if self._connection:
            self._connection.close()
            self._connection = None

    def write(self, intent: Intent) -> None:
        """On disk when it returns, also if the power fails. The submission is ours as long as this process lives."""
        with self._for_people():
            for folder in (self._records, self.folder / "alive"):
                files.make_private(folder)
            if intent.submission_id not in self._alive:
                self._alive[intent.submission_id] = _lock(self._life(intent))
            self._save(intent)

    def settle(self, intent: Intent) -> None:
        """What cannot be written now stays open, and is settled by whoever looks for it."""
        with contextlib.suppress(ServiceError), self._for_people():
            self._save(intent)
        self._leave(intent)

    def open_intents(self) -> Sequence[Intent]:
        """Those that nobody is busy with, the oldest first."""
        if not self._records.exists():
            return []
        with self._for_people():
            found = self._try(lambda connection: connection.execute(_OPEN, OPEN).fetchall())
            return [intent for intent in map(_intent, found) if self._is_orphan(intent)]

    @contextlib.contextmanager
    def adopted(self, intent: Intent) -> Iterator[Intent | None]:
        """The intent as it stands now, ours until the end of the block; None if it is settled or somebody has it."""
        with self._for_people():
            try:
                self._alive[intent.submission_id] = _lock(self._life(intent))
            except BlockingIOError:
                yield None
                return
            try:
                known = self.find("submission_id", intent.submission_id)
                yield known if known and known.state.open else None
            finally:
                self._leave(intent)

    def find(self, column: str, value: str) -> Intent | None:
        """By `submission_id` or `handle`."""
        if not self._records.exists():
            return None
        sql = f"SELECT intent FROM intents WHERE {column} = ?"  # noqa: S608 - our own two words
        with self._for_people():
            row = self._try(lambda connection: connection.execute(sql, (value,)).fetchone())
        return _intent(row) if row else None

    @property
    def _records(self) -> Path:
        return self.folder / "records"

    def _life(self, intent: Intent) -> Path:
        return self.folder / "alive" / intent.submission_id

    def _is_orphan(self, intent: Intent) -> bool:
        if intent.submission_id in self._alive:
            return False
        try:
            os.close(_lock(self._life(intent)))
        except BlockingIOError:
            return False
        return True

    def _leave(self, intent: Intent) -> None:
        with contextlib.suppress(OSError):
            self._life(intent).unlink(missing_ok=True)
        if (lock := self._alive.pop(intent.submission_id, None)) is not None:
            os.close(lock)

    def _save(self, intent: Intent) -> None:
        record = intent.to_json()
        files.write(self._records / f"{intent.submission_id}.json", json.dumps(record).encode())
        self._try(lambda connection: connection.execute(_WRITE, _row(intent, record)))

    def _try(self, action: Callable[[sqlite3.Connection], T]) -> T:
        """Does it again if the journal was found damaged: it has been made anew by then."""
        with self._thread:
            try:
                return action(self._connected())
            except sqlite3.DatabaseError as error:
                if getattr(error, "sqlite_errorname", "") not in ("SQLITE_CORRUPT", "SQLITE_NOTADB"):
                    raise
                self.close()
                self.damage = _make_anew(self._path, self._records, str(error)) or self.damage
                return action(self._connected())

    def _connected(self) -> sqlite3.Connection:
        """Never to a file that somebody else has moved aside meanwhile."""
        if self._connection and not (self._path.exists() and self._path.stat().st_ino == self._file):
            self.close()
        if self._connection is None:
            self._connection = _open(self._path, self._records)
            self._file = self._path.stat().st_ino
        return self._connection

    @contextlib.contextmanager
    def _for_people(self) -> Iterator[None]:
        try:
            yield
        except (OSError, sqlite3.Error) as error:
            reason = (getattr(error, "strerror", None) or str(error)).lower()
            raise ServiceError(
                f"the journal of submissions in `{self.folder}` cannot be used: {reason}",
                kind=ErrorKind.INTERNAL,
                hint="Make room, or choose another folder with `--state-dir` or SUBMIT_STATE_DIR.",
            ) from error


def _open(path: Path, records: Path) -> sqlite3.Connection:
    with contextlib.suppress(FileExistsError):  # private from the first; SQLite gives its other files the same mode
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA synchronous = FULL")
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
                connection.execute(_WRITE, _row(intent, intent.to_json()))
        connection.execute(f"PRAGMA user_version = {VERSION}")
    connection.execute("COMMIT")


def _make_anew(path: Path, records: Path, reason: str) -> str:
    """Puts one made of the records in the place of a damaged journal; a sentence about it, "" if others did so."""
    with _alone(path.parent):
        if _is_well(path):
            return ""
        aside = path.with_name(f"{path.name}.damaged-{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}")
        for suffix in ("", "-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                path.with_name(path.name + suffix).rename(aside.with_name(aside.name + suffix))
    with contextlib.closing(_open(path, records)) as connection:
        count = connection.execute("SELECT count(*) FROM intents").fetchone()[0]
    return f"the journal was damaged ({reason}): moved to {aside}, {count} submissions found again in their records"


def _is_well(path: Path) -> bool:
    try:
        with contextlib.closing(sqlite3.connect(path, timeout=_BUSY_S)) as connection:
            checked = connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
            return bool(checked and connection.execute("PRAGMA user_version").fetchone()[0])
    except sqlite3.DatabaseError:
        return False


def _row(intent: Intent, record: Mapping[str, Json]) -> tuple[str, str, float, str | None, str]:
    return intent.submission_id, intent.state.value, intent.began.wall, intent.handle, json.dumps(record)


def _intent(row: Sequence[str]) -> Intent:
    return Intent.from_json(json.loads(row[0]))


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Only one process at a time makes or repairs a journal: SQLite does not wait when it changes to WAL."""
    lock = _lock(folder / "repair", wait=True)
    try:
        yield
    finally:
        os.close(lock)


def _lock(path: Path, *, wait: bool = False) -> int:
    """A descriptor that holds a lock; BlockingIOError if another process holds it."""
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        import fcntl

        fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except ModuleNotFoundError:  # Windows: whether somebody is busy with it shows in its age alone
        return lock
    except BaseException:
        os.close(lock)
        raise
    return lock
