"""The queue: who may run now, and what became of those who no longer can.

At most `concurrency` jobs are active at any instant. That holds because a job becomes active in one transaction only,
`claim`, which counts the active ones.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from submit.engine.containers import remove_containers
from submit.engine.folder import JobFolder, environments, read_json, write_json
from submit.engine.journal import (
    ServiceLog,
    Writer,
    drop_unfinished_line,
    has_last_words,
    now,
    say_last,
)
from submit.engine.origin import Origin, Runtime
from submit.engine.ownership import Ownership, own, try_lock
from submit.engine.processes import Group, reap, spawn
from submit.engine.states import ACTIVE
from submit.engine.store import Store, save_ending
from submit.engine.strays import kill_groups, kill_marked

if TYPE_CHECKING:
    import sqlite3

    from submit.job import JsonObject

_START_S = 5.0
"""A supervisor that has not claimed anything so many seconds after its start is not counted as on its way any more."""
_FRESH_S = 60.0
"""An environment of that age belongs to a job that is being created."""
_FAREWELL_S = 2.0
"""So long launchers may take to end everything after their supervisor has died; they need a fraction of it."""
_OFFERS = 3
"""So often a job waits for a supervisor of its own interpreter; then any takes it."""
_COUNTS = f"""SELECT (SELECT count(*) FROM jobs WHERE state IN {ACTIVE}) AS active,
                    (SELECT count(*) FROM jobs WHERE state = 'QUEUED' AND held IS NULL) AS queued,
                    (SELECT count(*) FROM starts WHERE abs(at - ?) < {_START_S}) AS starting"""  # noqa: S608 - our own constant
_ACTIVE = f"SELECT * FROM jobs WHERE state IN {ACTIVE}"  # noqa: S608 - a tuple of words is written as SQL writes it
_OLDEST = "SELECT * FROM jobs WHERE state = 'QUEUED' AND held IS NULL ORDER BY sequence LIMIT 1"


class Claim(NamedTuple):
    """A job that is ours to run."""

    job: str
    request: Any
    origin: Origin
    owner: Ownership


class Slots(NamedTuple):
    """The places of one engine where jobs run."""

    store: Store
    concurrency: int

    def claim(self, token: str) -> Claim | None:
        """Takes the oldest queued job if there is room. The caller is no longer on its way, but here.

        A job of another installation is not taken: a supervisor of its own is started for it.
        """
        with self.store.transaction() as connection:
            connection.execute("DELETE FROM starts WHERE token = ?", (token,))
            row = connection.execute(_OLDEST).fetchone()
            if row is None or _counts(connection).active >= self.concurrency:
                return None
            origin = Origin.parse(json.loads(row["origin"]))
            if not _is_foreign(origin.runtime, row["offers"]):
                return self._take(connection, row, origin)
            connection.execute("UPDATE jobs SET offers = offers + 1 WHERE id = ?", (row["id"],))
            start = _announce(connection)
        self._start(origin.runtime, start)
        return None

    def settle(self) -> None:
        """Ends the jobs whose supervisor was lost, and starts supervisors if jobs wait and there is room."""
        _children[:] = [pid for pid in _children if not reap(pid)]
        for row in self.store.read(_ACTIVE):
            self._settle_one(row)
        self.start_supervisors()

    def settle_job(self, job: str) -> None:
        """`settle` for one job that somebody waits for: a few system calls as long as it is well."""
        for row in self.store.read("SELECT * FROM jobs WHERE id = ?", job):
            if row["state"] in ACTIVE:
                self._settle_one(row)
            elif row["state"] == "QUEUED":
                self.start_supervisors()

    def start_supervisors(self) -> None:
        """As many as there are both queued jobs and free places that none is on its way for."""
        if self._wanted(_Counts(*self.store.read(_COUNTS, time.time())[0])) <= 0:
            return
        with self.store.transaction() as connection:
            wanted = self._wanted(_counts(connection))
            connection.execute("DELETE FROM starts WHERE abs(at - ?) >= ?", (time.time(), _START_S))
            starts = [_announce(connection) for _ in range(wanted)]
            oldest = connection.execute(_OLDEST).fetchone()
        for start in starts:
            runtime = Origin.parse(json.loads(oldest["origin"])).runtime
            self._start(runtime if runtime.exists() else Runtime.here(), start)

    def forget_environments(self) -> None:
        """Removes those that no queued job needs: a client was killed while it created a job, or a supervisor while it
        took one."""
        rows = self.store.read("SELECT id FROM jobs WHERE state = 'QUEUED'")
        needed = {JobFolder.of(self.store.root, row["id"]).environment for row in rows}
        for path in environments(self.store.root).iterdir():
            with contextlib.suppress(FileNotFoundError):
                if path not in needed and abs(time.time() - path.stat().st_mtime) > _FRESH_S:
                    path.unlink()

    def _wanted(self, counts: _Counts) -> int:
        return min(self.concurrency - counts.active, counts.queued) - counts.starting

    def _take(self, connection: sqlite3.Connection, row: sqlite3.Row, origin: Origin) -> Claim | None:
        """Lock first, state second: whoever sees the new state finds the lock held, or the owner was lost."""
        folder = JobFolder.of(self.store.root, row["id"])
        folder.path.mkdir(mode=0o700, exist_ok=True)  # who has removed it has not removed the job
        owner = own(folder)
        if owner is None:
            return None
        values = (now(), row["id"])
        connection.execute("UPDATE jobs SET state = 'PREPARING', start_time = ? WHERE id = ?", values)
        return Claim(row["id"], json.loads(row["request"]), origin, owner)

    def _start(self, runtime: Runtime, token: str) -> None:
        root = self.store.root
        argv = [runtime.python, "-I", "-S", runtime.program, str(root), str(self.concurrency), token]
        _children.append(spawn(argv, env=os.environ, output=root / "supervisor.log", session=True))

    def _settle_one(self, row: sqlite3.Row) -> None:
        folder = JobFolder.of(self.store.root, row["id"])
        try:
            lock = try_lock(folder)
        except FileNotFoundError:  # deleted meanwhile, or somebody has removed the folder of a running job
            if not self._still_active(row):
                return
            folder.path.mkdir(mode=0o700, exist_ok=True)
            lock = try_lock(folder)
        if lock is None:
            return
        try:
            for still in self._still_active(row):
                self._end_lost(still, folder)
        finally:
            os.close(lock)

    def _still_active(self, row: sqlite3.Row) -> list[sqlite3.Row]:
        """The row, read again: it may have ended, or been deleted and created anew, since we looked."""
        return self.store.read(f"{_ACTIVE} AND sequence = ?", row["sequence"])

    def _end_lost(self, row: sqlite3.Row, folder: JobFolder) -> None:
        """Its supervisor has died; unless it was on its very last step, the job's ending is that."""
        ending = read_json(folder.ended)
        if ending is None:
            kill_marked(f"{folder.path}/", patience_s=_FAREWELL_S)
            kill_groups([Group(*group) for group in json.loads(row["groups"])])
            _remove_containers(row, folder)
            ending = lost(row)
            write_json(folder.ended, ending)
        drop_unfinished_line(folder.log)
        if not has_last_words(folder.log, ending):
            log = ServiceLog(folder.log, Writer.SETTLE)
            say_last(log, ending)
            log.close()
        folder.environment.unlink(missing_ok=True)
        folder.control.unlink(missing_ok=True)
        with self.store.transaction() as connection:
            save_ending(connection, row["id"], ending)


def _remove_containers(row: sqlite3.Row, folder: JobFolder) -> None:
    runtime = Origin.parse(json.loads(row["origin"])).containers
    if runtime and any(pool.get("container") for pool in json.loads(row["request"])["pools"]):
        remove_containers(runtime, job=row["id"], log=str(folder.log))


def lost(row: sqlite3.Row) -> JsonObject:
    """The ending of a job without its supervisor; what the user had cancelled is cancelled."""
    cancelled = row["state"] == "CANCELLING"
    replicas = json.loads(row["replicas"])
    for replica in replicas:
        if replica["state"] in ("PREPARING", "RUNNING"):
            replica["state"] = "CANCELLED" if cancelled else "FAILED"
    return {
        "state": "CANCELLED" if cancelled else "FAILED",
        "cause": "cancelled" if cancelled else "supervisor lost",
        "message": "The supervisor of the job was lost: it was killed, or the machine was restarted."
        " Nothing of the job is running any more.",
        "exit_code": None,
        "traceback": "",
        "start_time": row["start_time"],
        "end_time": now(),
        "replicas": replicas,
        "trials": json.loads(row["trials"]),
    }


_children: list[int] = []
"""Supervisors that we have started and that may have ended: a long-lived client is not to gather zombies."""


class _Counts(NamedTuple):
    active: int
    queued: int
    starting: int


def _counts(connection: sqlite3.Connection) -> _Counts:
    return _Counts(*connection.execute(_COUNTS, (time.time(),)).fetchone())


def _announce(connection: sqlite3.Connection) -> str:
    """Says that a supervisor is on its way; it is counted as such until it claims, or does not in time."""
    token = os.urandom(8).hex()
    connection.execute("INSERT INTO starts VALUES (?, ?)", (token, time.time()))
    return token


def _is_foreign(runtime: Runtime, offers: int) -> bool:
    return runtime != Runtime.here() and offers < _OFFERS and runtime.exists()
