"""The engine as its clients use it. Every call first looks whether a supervisor was lost or is missing."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from submit.engine.buckets import make_buckets, with_digests
from submit.engine.folder import JobFolder, environments, read_json, write_json
from submit.engine.journal import ServiceLog, Writer, is_whole, now, read_page, say_last
from submit.engine.origin import Origin
from submit.engine.outcome import CANCELLED, Ending
from submit.engine.ownership import wake
from submit.engine.slots import Slots
from submit.engine.states import ENDED, Cause
from submit.engine.store import DamagedStoreError, NewerStoreError, Store, insert, response, save_ending

if TYPE_CHECKING:
    from builtins import list as List  # noqa: N812 - `list` is a method here

    from submit.job import JsonObject

_SHORT_S, _LONG_S = 0.01, 0.05
_SETTLE_S = 0.25
_PATH_BYTES = 480
"""SQLite takes 512 with the names of its files."""
_OVERVIEW = """SELECT sequence, id, submission_id, state, held, create_time, start_time, end_time,
                      CASE WHEN sequence > ? THEN request END AS request FROM jobs ORDER BY sequence DESC"""
_ROOM = "See whether its disk is full or may not be written; another folder is chosen by `--state-dir`."


class Engine:
    """The jobs below `root`, of which at most `concurrency` (default: one per core) run at once.

    `cache` keeps installed packages and environments, `bucket_root` is the folder whose sub-folders stand for `gs://`
    buckets. `environ` gives the environment variables of jobs, by default this process's. All methods raise
    `ServiceError`.
    """

    def __init__(
        self,
        root: Path,
        *,
        cache: Path,
        bucket_root: Path,
        concurrency: int | None = None,
        environ: Callable[[], Mapping[str, str]] = lambda: os.environ,
    ) -> None:
        self._root, self._environ = root.absolute(), environ
        self._cache, self._bucket_root = cache.absolute(), bucket_root.absolute()
        if len(os.fsencode(self._root)) > _PATH_BYTES:
            hint = "Choose another folder by `--state-dir`."
            _refuse(f"the path `{self._root}` is too long for a job store", "INVALID", hint)
        with _for_people():
            for folder in (self._root, self._root / "jobs", environments(self._root)):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._root.chmod(0o700)
            self._bucket_root.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._slots = Slots(Store(self._root), concurrency or os.cpu_count() or 1)
        self._store = self._slots.store

    def close(self) -> None:
        """Closes the store; jobs go on."""
        self._store.close()

    def create(self, request: JsonObject) -> JsonObject:
        """Queues a job, and starts a supervisor if there is room. Asked again for the same submission, it does nothing
        and answers with that job."""
        from submit.engine.request import Request  # jobs are looked after more often than created

        try:
            job = Request.parse(request).id
            request = with_digests(request)
            make_buckets(request, self._bucket_root)
            environ = dict(self._environ())
        except ValueError as error:
            _refuse(str(error), "INVALID")
        with _for_people():
            with self._store.transaction() as connection:
                row = connection.execute("SELECT submission_id FROM jobs WHERE id = ?", (job,)).fetchone()
                if row is None:
                    self._queue(connection, request, environ)
                elif row["submission_id"] != request["submission_id"]:
                    _refuse(f"there is a job `{job}` already", "EXISTS", "Choose another name, or delete that job.")
            self.settle()
        return self._one(job)

    def get(self, ids: Sequence[str]) -> List[JsonObject]:
        """The jobs in the order that was asked for."""
        with _for_people():
            self.settle()
            return [self._one(job) for job in ids]

    def environment(self, job: str) -> JsonObject | None:
        """What was installed for the primary replica: `python` and `packages` (`name==version`); None until it is."""
        with _for_people():
            self._row(job)
        folder = JobFolder.of(self._root, job)
        runs = [folder.run(), *(folder.run(trial.name) for trial in sorted(folder.path.glob("trials/*")))]
        primary = "workerpool0-0"
        return next((found for run in runs if (found := read_json(run.environment(primary)))), None)

    def list(self, limit: int = 100, offset: int = 0) -> List[JsonObject]:
        """Newest first."""
        with _for_people():
            self.settle()
            rows = self._store.read("SELECT * FROM jobs ORDER BY sequence DESC LIMIT ? OFFSET ?", limit, offset)
        return [response(row, self._root) for row in rows]

    def stamp(self) -> tuple[int, ...]:
        """As long as it is the same, so is all that is known of all jobs (but for their logs)."""
        with _for_people():
            self.settle()
            return self._store.stamp()

    def overview(self, after: int = 0) -> List[JsonObject]:
        """All jobs, newest first, in few words: where they stand and their times. `request` and `log` are there for
        those whose `sequence` is greater than `after`: they never change, and reading them takes most of the time."""
        with _for_people():
            rows = self._store.read(_OVERVIEW, after)
        return [_in_few_words(row, self._root) for row in rows]

    def cancel(self, job: str) -> None:
        """A queued job never runs; a running one gets SIGTERM, and SIGKILL after its grace. An ended one stays so."""
        with _for_people():
            self.settle()
            with self._store.transaction() as connection:
                row = self._row(job)
                if row["state"] == "QUEUED":
                    self._end_queued(connection, row, CANCELLED)
                elif row["state"] not in ENDED:
                    connection.execute("UPDATE jobs SET state = 'CANCELLING' WHERE id = ?", (job,))
        wake(JobFolder.of(self._root, job))

    def preempt(self, job: str) -> None:
        """Takes the machines of a running job away, as a cloud does with spot machines: SIGTERM, SIGKILL after the
        grace, and a new beginning in empty folders, up to `PREEMPTIONS` times."""
        with _for_people():
            self.settle()
            with self._store.transaction() as connection:
                state = self._row(job)["state"]
                if state not in ("PREPARING", "RUNNING"):
                    _refuse(f"the job `{job}` is {state.lower()}: only one that runs can be preempted", "INVALID")
                connection.execute("UPDATE jobs SET preemptions = preemptions + 1 WHERE id = ?", (job,))
        wake(JobFolder.of(self._root, job))

    def hold(self, job: str, reason: str | None) -> None:
        """Says why a queued job is not to be started (as the `held` of a request does); None: it may be."""
        with _for_people():
            self._store.write("UPDATE jobs SET held = ? WHERE id = ? AND state = 'QUEUED'", reason, job)
            self._slots.start_supervisors()

    def fail(self, job: str, cause: Cause, message: str) -> None:
        """Ends a job that is still queued; any other stays as it is."""
        with _for_people(), self._store.transaction() as connection:
            row = self._row(job)
            if row["state"] == "QUEUED":
                self._end_queued(connection, row, Ending("FAILED", cause, message=message))

    def delete(self, job: str) -> None:
        """Removes an ended job's record, log and working folders, but not its job dir."""
        from shutil import rmtree

        removed = self._root / "removed" / os.urandom(8).hex()
        with _for_people():
            self.settle()
            with self._store.transaction() as connection:
                state = self._row(job)["state"]
                if state not in ENDED:
                    hint = f"Cancel it first: submit jobs cancel {job}"
                    _refuse(f"the job `{job}` is {state.lower()} and cannot be deleted", "INVALID", hint)
                removed.parent.mkdir(mode=0o700, exist_ok=True)
                with contextlib.suppress(FileNotFoundError):  # a killed deletion has come so far
                    # At once: from the end of the transaction on a new job may have the name, and this folder.
                    JobFolder.of(self._root, job).path.rename(removed)
                connection.execute("DELETE FROM jobs WHERE id = ?", (job,))
        for folder in removed.parent.iterdir():  # also those that killed deletions have left
            rmtree(folder, ignore_errors=True)

    def read_log(self, job: str, position: int, *, wait_s: float = 0.0, limit: int = 1 << 20) -> JsonObject:
        """Whole lines of the log from a byte position on: `{"data", "position", "more", "ended"}`.

        Waits up to `wait_s` seconds if there are none yet. `more`: something follows `data` already; `ended`: the job
        has ended and nothing does.
        """
        log = JobFolder.of(self._root, job).log
        with _for_people():
            for state in self._states(job, wait_s):
                data, behind = read_page(log, position, limit)
                if data or state in ENDED:
                    break
        more = bool(data) and not is_whole(log, behind)
        return {"data": data, "position": behind, "more": more, "ended": state in ENDED and not more}

    def settle(self) -> None:
        """Finds jobs whose supervisor was lost and ends them, and starts queued jobs if there is room."""
        with _for_people():
            self._slots.settle()

    def _states(self, job: str, wait_s: float) -> Iterator[str]:
        """The job's state, again and again in short steps until the time is over, at least once."""
        begin = time.monotonic()
        settled = 0.0
        while True:
            if time.monotonic() - settled >= _SETTLE_S:
                self._slots.settle_job(job)
                settled = time.monotonic()
            yield self._row(job)["state"]
            waited = time.monotonic() - begin
            if waited >= wait_s:
                return
            time.sleep(min(_SHORT_S if waited < 2.0 else _LONG_S, wait_s - waited))

    def _queue(self, connection: sqlite3.Connection, request: JsonObject, environ: Mapping[str, str]) -> None:
        """Makes the job's folder before others can see the job; what a killed creator left there is made anew."""
        folder = JobFolder.of(self._root, str(request["id"]))
        if folder.path.exists():
            same = connection.execute("SELECT id FROM jobs WHERE id = ? COLLATE NOCASE", (request["id"],)).fetchone()
            if same:  # macOS takes `Job` and `job` for the same folder
                _refuse(f"there is a job `{same['id']}` already", "EXISTS", "Choose another name, or delete that job.")
            from shutil import rmtree

            rmtree(folder.path)
        folder.path.mkdir(mode=0o700)
        origin = Origin.here(self._cache, self._bucket_root).to_json()
        created = now()
        write_json(folder.job, {"request": request, "origin": origin, "create_time": created})
        log = ServiceLog(folder.log, Writer.CREATE)
        log.say("Waiting for job to be provisioned.")
        notices: Any = request.get("notices") or []
        for notice in notices:
            log.say(notice, severity="WARNING")
        log.close()
        insert(connection, request, origin, "QUEUED", created)
        write_json(folder.environment, environ)

    def _end_queued(self, connection: sqlite3.Connection, row: sqlite3.Row, ending: Ending) -> None:
        folder = JobFolder.of(self._root, row["id"])
        fields: Mapping[str, Any] = ending._asdict()
        final = {**fields, "start_time": None, "end_time": now(), "replicas": [], "trials": []}
        write_json(folder.ended, final)
        log = ServiceLog(folder.log, Writer.CANCEL)
        say_last(log, final)
        log.close()
        folder.environment.unlink(missing_ok=True)
        save_ending(connection, row["id"], final)

    def _one(self, job: str) -> JsonObject:
        return response(self._row(job), self._root)

    def _row(self, job: str) -> sqlite3.Row:
        rows = self._store.read("SELECT * FROM jobs WHERE id = ?", job)
        if not rows:
            _refuse(f"there is no job `{job}`", "NOT_FOUND", "See `submit jobs list`.")
        return rows[0]


@contextlib.contextmanager
def _for_people() -> Iterator[None]:
    """Says what is wrong with the store as an error for people."""
    try:
        yield
    except DamagedStoreError as damage:
        _refuse(str(damage), "INTERNAL", "Run the command again.")
    except NewerStoreError as newer:
        _refuse(f"{newer} was made by a newer version of jobdir", "INTERNAL", "Update jobdir.")
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            _refuse("the job store is busy", "TRANSIENT", "Other processes write to it. Run the command again.")
        _refuse(f"the job store cannot be used: {error}", "INTERNAL", _ROOM)
    except OSError as error:
        _refuse(f"the engine's folder cannot be used: {_words(error)}", "INTERNAL", _ROOM)


def _in_few_words(row: sqlite3.Row, root: Path) -> JsonObject:
    words: JsonObject = dict(row)
    if row["request"] is not None:
        words |= {"request": json.loads(row["request"]), "log": str(JobFolder.of(root, row["id"]).log)}
    return words


def _words(error: OSError) -> str:
    return f"`{error.filename}`: {error.strerror}" if error.filename else str(error)


def _refuse(message: str, kind: str, hint: str = "") -> NoReturn:
    """`submit.errors` is imported only here: a supervisor imports this module and never refuses anything."""
    from submit.errors import ErrorKind, ServiceError

    raise ServiceError(message, kind=ErrorKind[kind], hint=hint)
