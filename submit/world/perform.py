"""Performs steps: each kind goes through the door that it belongs to."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from submit.errors import ErrorKind, ServiceError, UsageError
from submit.logs import times
from submit.status import Json, JsonObject, Target
from submit.steps import Call, Command, Read, Reply, Step, Upload
from submit.target import Surroundings
from submit.world import files, growing, surroundings

if TYPE_CHECKING:
    from submit.engine import Engine
    from submit.world.commands import Commands
    from submit.world.google import Google

_GOOGLE = ("aiplatform", "ml", "logging", "storage")


class World:
    """What steps are performed in; `observe` is told of each step before it is taken, `progress` of what takes long."""

    def __init__(
        self,
        around: Surroundings,
        target: Target,
        observe: Callable[[Step], None] = lambda _: None,
        progress: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._surroundings = around
        self._target = target
        self._observe = observe
        self._progress = progress
        self._engine: Engine | None = None
        self._google: Google | None = None
        self._commands: Commands | None = None

    def close(self) -> None:
        """Leaves the engine's jobs running; a world that is used to the end of the process needs none of this."""
        if self._engine is not None:
            self._engine.close()
        if self._google is not None:
            self._google.close()

    def perform(self, step: Step) -> Reply:
        self._observe(step)
        with self._for_people():
            return self._perform(step)

    def _perform(self, step: Step) -> Reply:
        match step:
            case Upload():
                self._upload(step)
                return None
            case Command():
                return self.commands.run(step)
            case Call(api=api) if api in _GOOGLE:
                return self.google.call(step)
            case Call(api="clock", request={"seconds": int() | float() as seconds}):
                surroundings.pause(seconds)
                return {}
            case Call(api="clock", method="now"):
                return {"now": times.of(surroundings.now())}
            case Call(api="engine"):
                return _call_engine(self.engine, step)
            case Read():
                return self._read(step)
            case Call():
                raise ServiceError(f"no door leads to `{step}`", kind=ErrorKind.INTERNAL)

    @property
    def engine(self) -> Engine:
        if self._engine is None:
            require_posix(os.name)
            from submit.engine import Engine

            files.make_private(Path(self._target.state_dir))
            self._engine = Engine(
                Path(self._target.state_dir) / "engine",
                cache=self._surroundings.cache_dir,
                bucket_root=Path(self._target.bucket_root),
                concurrency=_concurrency(self._surroundings),
            )
        return self._engine

    @property
    def google(self) -> Google:
        if self._google is None:
            from submit.world.google import Google

            self._google = Google(self._surroundings.environ, progress=self._progress)
        return self._google

    @property
    def commands(self) -> Commands:
        if self._commands is None:
            from submit.world.commands import Commands

            self._commands = Commands(self._surroundings.environ, self._progress)
        return self._commands

    @contextmanager
    def _for_people(self) -> Iterator[None]:
        """A disk that is full or a folder that is read-only is no defect."""
        try:
            yield
        except Exception as error:
            # sqlite3 is imported by now if it is at fault, and not worth an import if it is not
            if not isinstance(error, OSError) and type(error).__module__ != "sqlite3":
                raise
            reason = (getattr(error, "strerror", None) or str(error)).lower()
            raise ServiceError(
                f"the state folder `{self._target.state_dir}` cannot be used: {reason}",
                kind=ErrorKind.INTERNAL,
                hint="Choose another with `--state-dir` or SUBMIT_STATE_DIR, or make room.",
            ) from error

    def _upload(self, step: Upload) -> None:
        if step.to.startswith("gs://"):
            self.google.upload(step)
            return
        if step.host:
            self.commands.upload(step)
            return
        path = files.in_home(step.to, self._surroundings.environ)
        if not files.has_digest(path, step.digest):
            files.write(path, step.data)

    def _read(self, step: Read) -> Json:
        if step.source.startswith("/"):
            return growing.read(Path(step.source), step.file, step.position, wait_s=step.wait_s, limit=step.limit)
        return self.engine.read_log(step.source, step.position, wait_s=step.wait_s, limit=step.limit)


def require_posix(name: str) -> None:
    """`name` is that of `os.name`; the engine stands on signals, sessions and file locks of POSIX."""
    if name != "posix":
        raise ServiceError(
            "jobs cannot run on this machine: the engine needs Linux or macOS",
            kind=ErrorKind.INVALID,
            hint="On Windows, use it inside WSL, or submit to another backend.",
        )


def _concurrency(surroundings: Surroundings) -> int | None:
    text = surroundings.environ.get("SUBMIT_LOCAL_CONCURRENCY")
    if not text:
        return None
    if text.isdecimal() and int(text) > 0:
        return int(text)
    raise UsageError(f"SUBMIT_LOCAL_CONCURRENCY: `{text}` is not a number of jobs", hint="It is 1 or more.")


def _call_engine(engine: Engine, call: Call) -> Json:
    request: JsonObject = call.request
    ids = [str(job_id) for job_id in _array(request.get("ids"))]
    match call.method:
        case "jobs.create":
            return engine.create(request)
        case "jobs.get":
            return list(engine.get(ids))
        case "jobs.list":
            limit = request.get("limit")
            return list(engine.list(limit=limit if isinstance(limit, int) else 100))
        case "jobs.environment":
            return engine.environment(ids[0])
        case "jobs.cancel":
            engine.cancel(ids[0])
        case "jobs.delete":
            engine.delete(ids[0])
        case _:
            raise ServiceError(f"the engine has no method `{call.method}`", kind=ErrorKind.INTERNAL)
    return {}


def _array(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []
