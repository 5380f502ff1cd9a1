"""The supervisor: a detached process that runs one job after the other until the queue is empty.

It writes every change into the store before it waits for the next, and holds the job's lock while the job lives, so
whatever kills it leaves a job that the next look can tell as lost.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from submit.engine.folder import read_json, write_json
from submit.engine.journal import ServiceLog, Writer, end_torn_line, now, say_last
from submit.engine.loop import Loop
from submit.engine.outcome import CANCELLED, Ending
from submit.engine.request import Request
from submit.engine.slots import Claim, Slots
from submit.engine.stage import Stage
from submit.engine.states import Cause
from submit.engine.store import DamagedStoreError, Store, save_ending
from submit.engine.strays import adopt_orphans, kill_marked
from submit.engine.tasks import Site
from submit.engine.work import Single, Tuning, Watcher, Work, groups, statuses

T = TypeVar("T")
_SAVE = """UPDATE jobs SET replicas = ?, trials = ?, groups = ?,
           state = CASE WHEN state = 'PREPARING' AND ? THEN 'RUNNING' ELSE state END WHERE id = ?"""
_AGAIN_S = 1.0
_PERSISTENCE_S = 3600.0
"""So long a job's ending is kept and tried to be written, e.g. on a full disk."""


def main(arguments: Sequence[str]) -> None:
    """`ROOT CONCURRENCY TOKEN`; the token is that of this start in the store."""
    root, concurrency, token = arguments
    slots = Slots(persist(lambda: Store(Path(root))), int(concurrency))
    claim = persist(lambda: slots.claim(token))
    while claim is not None:
        Supervision(slots.store, claim).carry_out()
        claim = persist(lambda: slots.claim(""))
        with contextlib.suppress(OSError, sqlite3.OperationalError):  # others look as well
            persist(slots.settle)  # after the claim: it would start a supervisor for the place that was just left
    slots.forget_environments()


def persist(action: Callable[[], T]) -> T:
    """Does it again if the store was found damaged: it has been rebuilt by then."""
    try:
        return action()
    except DamagedStoreError as damage:
        with contextlib.suppress(OSError):
            sys.stderr.write(f"{now()} {damage}\n")
        return action()


class Supervision:
    """One job, from its claim to its end in the store."""

    def __init__(self, store: Store, claim: Claim) -> None:
        self._store, self._claim = store, claim
        self._folder = claim.owner.folder
        self._log = ServiceLog(self._folder.log, Writer.SUPERVISOR)
        self._loop = Loop()
        self._ending: Ending | None = None
        self._runs = False
        self._unsaved = False
        self._said_last = False
        self._pausing = False  # the store could not be written just now
        self._work: Work | None = None
        self._preemptions = 0

    def carry_out(self) -> None:
        self._log.say("Job is preparing.")
        try:
            self._run()
        except Exception as error:  # noqa: BLE001 - a fault of ours must end this job, not all that wait behind it
            self._fail(error)
        self._end_for_certain()
        self._loop.close()
        self._log.close()
        self._claim.owner.release()

    def _run(self) -> None:
        self._work = self._make_work()
        self._loop.watch(self._claim.owner.control, self._look)
        self._work.begin()
        adopt_orphans()  # now that the launchers are starting, and nobody waits for what it takes to load this
        self._loop.run(lambda: self._ending is not None, self._save)

    def _make_work(self) -> Work:
        request = Request.parse(self._claim.request)
        env = read_json(self._folder.environment) or dict(os.environ)
        self._folder.environment.unlink(missing_ok=True)
        stage = Stage(request, Site(self._folder, self._claim.origin, os.cpu_count() or 1), env, self._loop)
        watcher = Watcher(self._changed, self._running, self._say, self._ended)
        return Tuning(request.study, stage, watcher) if request.study else Single(stage, watcher)

    def _look(self) -> None:
        """Somebody has changed the store for us."""
        self._claim.owner.hear()
        rows = persist(lambda: self._store.read("SELECT state, preemptions FROM jobs WHERE id = ?", self._claim.job))
        if not rows or self._work is None:
            return
        if rows[0]["state"] == "CANCELLING":
            self._work.cancel()
        elif rows[0]["preemptions"] > self._preemptions:
            self._preemptions = rows[0]["preemptions"]
            self._work.preempt()

    def _changed(self) -> None:
        self._unsaved = True

    def _running(self) -> None:
        if not self._runs:
            self._runs = True
            self._log.say("Job is running.")

    def _say(self, message: str, trial: str | None) -> None:
        self._log.say(message, trial=trial)

    def _ended(self, ending: Ending) -> None:
        self._ending = ending

    def _save(self) -> None:
        if self._unsaved and not self._pausing and self._work:
            values = (statuses(self._work), self._work.trials(), groups(self._work))
            texts = [json.dumps(value) for value in values]
            try:
                persist(lambda: self._store.write(_SAVE, *texts, self._runs, self._claim.job))
            except sqlite3.OperationalError:  # a full disk, or a store that others keep busy: no reason to end a job
                self._pausing = True
                self._loop.later(_AGAIN_S, self._save_again)
            else:
                self._unsaved = False

    def _save_again(self) -> None:
        self._pausing = False

    def _fail(self, error: Exception) -> None:
        import traceback

        if self._work:
            self._work.abandon()
        kill_marked(f"{self._folder.path}/")
        cause: Cause = "environment" if isinstance(error, OSError) else "supervisor lost"
        text = "".join(traceback.format_exception(error))
        self._ending = Ending("FAILED", cause, None, f"The engine could not run the job: {error}", text)

    def _end_for_certain(self) -> None:
        """The job's result is not lost for want of space on a disk: until there is some, the job has not ended."""
        deadline = time.monotonic() + _PERSISTENCE_S
        while True:
            try:
                return persist(self._end)
            except FileNotFoundError:  # the engine's folder is gone, and with it who could ask
                raise
            except (OSError, sqlite3.OperationalError):
                if time.monotonic() >= deadline:
                    raise
                time.sleep(_AGAIN_S)

    def _end(self) -> None:
        """The ending's file, the last log lines, and the state, in this order: whoever sees the state has them all."""
        assert self._ending is not None
        with self._store.transaction() as connection:
            row = connection.execute("SELECT state, start_time FROM jobs WHERE id = ?", (self._claim.job,)).fetchone()
            ending = CANCELLED if row["state"] == "CANCELLING" else self._ending
            final = {**self._final(ending), "start_time": row["start_time"]}
            self._folder.path.mkdir(mode=0o700, exist_ok=True)
            write_json(self._folder.ended, final)
            if not self._said_last:
                end_torn_line(self._folder.log)  # as a replica leaves on a full disk
                say_last(self._log, final)
                self._said_last = True
            save_ending(connection, self._claim.job, final)

    def _final(self, ending: Ending) -> dict[str, Any]:
        return {
            **ending._asdict(),
            "end_time": now(),
            "replicas": statuses(self._work) if self._work else [],
            "trials": self._work.trials() if self._work else [],
        }
