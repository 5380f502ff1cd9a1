"""A place where jobs of one backend really run, for tests that put any backend through the same."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Self, TypeVar

from submit.backends import Backend, Feature, Refused, load
from submit.flags import Flags, request_of
from submit.job import Handle, LogEntry, LogPage, Status, Target
from submit.steps import Conversation, Step, carry_out
from submit.submission import Prepared, prepare
from submit.target import Surroundings, TargetFlags, resolve
from submit.watch import WAIT_S, until_ended
from submit.world.perform import World
from submit.world.surroundings import pause

T = TypeVar("T")
Observe = Callable[[Step], None]

PATIENCE_S = 600.0
"""how long a job may take, also a hundred of them on a busy machine; only a test that fails waits as long"""
AWAKE = "awake"
"""what a trainer says that is waited for"""

_TASK = '''"""Runs the Python text that is its first argument; the others are in `sys.argv`."""
import sys

exec(sys.argv[1])
'''


@dataclass(frozen=True, kw_only=True)
class Site:
    """Where jobs of a backend run. `job_dir` is a folder that they may write below, or `gs://bucket/folder`."""

    around: Surroundings
    target: Target
    job_dir: str
    _ended: dict[str, Handle] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        backend: str,
        folder: Path,
        *,
        environ: Mapping[str, str],
        staging_bucket: str | None = None,
        job_dir: str | None = None,
    ) -> Self:
        """`environ` is the whole environment of the client, `folder` is empty and for the site alone."""
        cwd = folder / "project"
        package = cwd / "trainer"
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
        (package / "task.py").write_text(_TASK)
        state = folder / "state"
        cache = Path(environ.get("SUBMIT_CACHE_DIR") or state / "cache")
        around = Surroundings(environ=environ, cwd=cwd, state_dir=state, cache_dir=cache)
        target = resolve(TargetFlags(backend=backend, staging_bucket=staging_bucket), around, None, {})
        return cls(around=around, target=target, job_dir=job_dir or str(folder / "output"))

    @property
    def backend(self) -> Backend:
        return load(self.target.backend)

    def refusal(self, feature: Feature) -> Refused | None:
        """What the backend says against it, if it does."""
        answer = self.backend.capabilities.get(feature)
        return answer if isinstance(answer, Refused) else None

    def prepared(self, source: str, *, config: str | None = None, module: str = "trainer.task") -> Prepared:
        """A job that runs Python text; not sent yet."""
        flags: Flags = {
            "args": [source],
            "module_name": module,
            "preflight": False,
            "backend": self.target.backend,
            "staging_bucket": self.target.staging_bucket,
            "package_path": self.around.cwd / "trainer",
            "job_dir": f"{self.job_dir}/{time.time_ns()}",
        }
        if config:
            path = self.around.cwd / "config.yaml"
            path.write_text(config)
            flags["config"] = path
        return prepare(request_of(flags), self.around)

    def submit(self, source: str, *, config: str | None = None, module: str = "trainer.task") -> Handle:
        return self.create(self.prepared(source, config=config, module=module))

    def create(self, prepared: Prepared, observe: Observe = lambda _: None) -> Handle:
        return self._take(prepared.backend.submit(prepared.spec, prepared.target), observe)

    def submit_by_command(self, *options: str, source: str) -> str:
        """`submit train` on the command line; what it says on stdout."""
        staging = ("--staging-bucket", self.target.staging_bucket) if self.target.staging_bucket else ()
        where = ("--backend", self.target.backend, "--job-dir", f"{self.job_dir}/{time.time_ns()}", *staging)
        return self.command("train", "--no-preflight", *where, *options, "--", source)

    def command(self, *argv: str) -> str:
        """What `submit` says on stdout, which is to end well."""
        done = subprocess.run(
            [sys.executable, "-m", "submit.cli", *argv],
            cwd=self.around.cwd,
            env={**self.around.environ, "SUBMIT_STATE_DIR": str(self.around.state_dir)},
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def describe(self, handles: Sequence[Handle], observe: Observe = lambda _: None) -> Mapping[Handle, Status]:
        return self._take(self.backend.describe(handles, self.target), observe)

    def found(self, submission_id: str, place: str) -> Handle | None:
        """As after a crash: nothing is known but the submission and where it was sent."""
        return self._take(self.backend.find(submission_id, place, self.target))

    def status(self, handle: Handle) -> Status:
        return self.describe([handle])[handle]

    def listed(self, limit: int = 1000) -> list[Handle]:
        return [status.handle for status in self._take(self.backend.list_jobs(self.target, limit))]

    def cancel(self, handle: Handle) -> None:
        self._take(self.backend.cancel(handle, self.target))

    def delete(self, handle: Handle) -> None:
        self._take(self.backend.delete(handle, self.target))

    def end(self, handle: Handle) -> Status:
        """Waits for it."""
        deadline = time.monotonic() + PATIENCE_S
        status = until_ended([handle], self.describe, pause, time.monotonic, deadline, lambda _: None)[handle]
        assert status.state.ended, f"{handle} did not end in time"
        return status

    def ended(self, source: str) -> Handle:
        """A job that has run this to its end; one for all tests that look at such a job."""
        if source not in self._ended:
            handle = self.submit(source)
            self.end(handle)
            self._ended[source] = handle
        return self._ended[source]

    def awaken(self, handle: Handle, replicas: int = 1) -> None:
        """Waits until so many replicas have said that they are awake."""
        calls = (entry for entry in self.follow(handle) if entry.message == AWAKE)
        assert len(list(islice(calls, replicas))) == replicas, f"{handle} ended before it ran"

    def log(self, handle: Handle, cursor: str = "") -> list[LogEntry]:
        """All entries behind the cursor, up to the end of the job."""
        return list(self.follow(handle, cursor))

    def page(self, handle: Handle, cursor: str, wait_s: float) -> LogPage:
        return self._take(self.backend.logs(handle, self.target, cursor, wait_s))

    def follow(self, handle: Handle, cursor: str = "") -> Iterator[LogEntry]:
        """Each entry once, or it fails, also where a log without end would come of a repeat."""
        deadline, ended = time.monotonic() + PATIENCE_S, False
        seen: set[str] = set()
        while not ended:
            assert time.monotonic() < deadline, f"the log of {handle} does not end"
            page = self.page(handle, cursor, WAIT_S)
            again = [entry for entry in page.entries if entry.insert_id in seen]
            assert not again, f"the log of {handle} repeats {again[0]}"
            seen |= {entry.insert_id for entry in page.entries}
            yield from page.entries
            cursor, ended = str(page.cursor), page.ended

    def _take(self, conversation: Conversation[T], observe: Observe = lambda _: None) -> T:
        """As a new process would: nothing is remembered from one to the next."""
        with closing(World(self.around, self.target, observe)) as world:
            return carry_out(conversation, world.perform)
