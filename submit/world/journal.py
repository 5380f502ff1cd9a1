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
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TypeVar

from submit.errors import ErrorKind, ServiceError
from submit.intents.intent import OPEN, Intent, State
from submit.world import files, journal_file

T = TypeVar("T")
_OPEN = f"SELECT intent FROM intents WHERE state IN ({', '.join('?' * len(OPEN))}) ORDER BY began"  # noqa: S608


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
        """Survives a kill when it returns, and a power cut if it is about to be sent. The submission is ours as long as
        this process lives."""
        with self._for_people():
            for folder in (self._records, self.folder / "alive"):
                files.make_private(folder)
            if intent.submission_id not in self._alive:
                self._alive[intent.submission_id] = journal_file.lock(self._life(intent))
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
                self._alive[intent.submission_id] = journal_file.lock(self._life(intent))
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

    def tidy(self) -> None:
        """Removes what killed submissions have left of files; what they wrote down stays."""
        with contextlib.suppress(OSError):
            left = [*self.folder.glob("*/.*.part"), *(self.folder / "alive").iterdir()]
            for submission_id in {path.name.lstrip(".").partition(".")[0] for path in left} - self._alive.keys():
                self._tidy(submission_id)

    def _tidy(self, submission_id: str) -> None:
        try:
            held = journal_file.lock(self.folder / "alive" / submission_id)
        except BlockingIOError:  # somebody is busy with it
            return
        for path in (*self.folder.glob(f"*/.{submission_id}.*.part"), self.folder / "alive" / submission_id):
            path.unlink(missing_ok=True)
        os.close(held)

    @property
    def _records(self) -> Path:
        return self.folder / "records"

    def _life(self, intent: Intent) -> Path:
        return self.folder / "alive" / intent.submission_id

    def _is_orphan(self, intent: Intent) -> bool:
        if intent.submission_id in self._alive:
            return False
        try:
            os.close(journal_file.lock(self._life(intent)))
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
        row = journal_file.row(intent, record)
        # Only what is about to be sent has to outlive a power cut: before, nothing happened; after, it is found again.
        level = "FULL" if intent.state is State.SENT else "NORMAL"
        self._try(lambda database: _set(database, level).execute(journal_file.WRITE, row))

    def _try(self, action: Callable[[sqlite3.Connection], T]) -> T:
        """Does it again if the journal was found damaged: it has been made anew by then."""
        with self._thread:
            try:
                return action(self._connected())
            except sqlite3.DatabaseError as error:
                if getattr(error, "sqlite_errorname", "") not in ("SQLITE_CORRUPT", "SQLITE_NOTADB"):
                    raise
                self.close()
                self.damage = journal_file.make_anew(self._path, self._records, str(error)) or self.damage
                return action(self._connected())

    def _connected(self) -> sqlite3.Connection:
        """Never to a file that somebody else has moved aside meanwhile."""
        if self._connection and not (self._path.exists() and self._path.stat().st_ino == self._file):
            self.close()
        if self._connection is None:
            self._connection = journal_file.open_journal(self._path, self._records)
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


def shared(state_dir: Path) -> Journal:
    """This process's own: to open a journal and to close it again costs more than to write into it."""
    return _of_process(state_dir, os.getpid())


@cache
def _of_process(state_dir: Path, _pid: int) -> Journal:
    """A fork makes its own; SQLite does not allow that it even closes its parent's."""
    return Journal(state_dir)


def _set(database: sqlite3.Connection, level: str) -> sqlite3.Connection:
    """https://sqlite.org/pragma.html#pragma_synchronous"""
    database.execute(f"PRAGMA synchronous = {level}")
    return database


def _intent(row: Sequence[str]) -> Intent:
    return Intent.from_json(json.loads(row[0]))
