"""The verbs over jobs that exist, for the command line and for Python programs alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from submit import project_file, watch
from submit.backends import Backend, load
from submit.errors import UsageError
from submit.logs.stream import Place, Stream
from submit.status import Handle, LogEntry, State, Status
from submit.steps import Conversation, Step, carry_out, preview
from submit.target import TargetFlags, elsewhere, endpoints, resolve
from submit.world import surroundings
from submit.world.perform import World

if TYPE_CHECKING:
    from submit.intents.exactly_once import Submission
    from submit.intents.intent import Intent
    from submit.submission import Prepared, Request
    from submit.world.journal import Journal

Observe = Callable[[Step], None]
Changed = Callable[[Status], None]

EVERY = 1 << 31
"""More jobs than anybody has."""


class Client:
    """Submits jobs and looks after them. `observe` is told of every step before it is taken, `progress` in words
    of what takes long.

    `state_dir` is where the client keeps what it knows (default: the platform's folder for state).
    """

    def __init__(
        self,
        *,
        target: TargetFlags = TargetFlags(),  # noqa: B008 - frozen
        state_dir: Path | None = None,
        observe: Observe = lambda _: None,
        progress: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.around = surroundings.read(state_dir)
        defaults, _ = project_file.defaults(self.around.cwd)
        self.target = resolve(target, self.around, None, defaults)
        self._observe = observe
        self._progress = progress
        self._world = World(self.around, self.target, observe, progress)
        self.submission: Submission | None = None

    def close(self) -> None:
        """Ends its connections; jobs go on."""
        self._world.close()

    def prepare(self, request: Request, notify: Callable[[str], None] = lambda _: None) -> Prepared:
        from submit.submission import prepare  # what packages and checks is imported only where a job is submitted
        from submit.world.git import looking

        if request.dry_run:
            return prepare(request, self.around, notify)
        with looking(self.around.cwd) as git:
            return replace(prepare(request, self.around, notify), git=git())

    def submit(self, prepared: Prepared) -> Handle:
        """Creates the job; its target is the one that it was prepared for.

        What is about to be created stands in the journal before it is sent. Afterwards `self.submission` says what is
        known of it, also if this raises.
        """
        from submit.intents.exactly_once import Submission
        from submit.world import provenance

        self.target = prepared.target
        self._world = World(self.around, self.target, self._observe, self._progress)
        provenance.save(self.around.state_dir, prepared.spec, prepared.target, prepared.git)
        self.submission = Submission(prepared.intent(self.around), self.journal, surroundings.moment)
        return self.submission.carry_out(prepared.conversation(), self._world.perform)

    @cached_property
    def journal(self) -> Journal:
        from submit.world import journal

        return journal.shared(self.around.state_dir)

    def recover(self, patience_s: float | None = None) -> Iterator[Intent]:
        """Settles, and yields, each submission whose end nobody saw; one that cannot be known yet stays open.

        `patience_s`: so long after it was sent a creation may still come about; None for what is usual.
        """
        for orphan in self.journal.open_intents():
            with self.journal.adopted(orphan) as intent:
                if intent is not None:
                    settled = self._settled(intent, patience_s)
                    self.journal.settle(settled)
                    yield settled
        self.journal.tidy()

    def _settled(self, intent: Intent, patience_s: float | None) -> Intent:
        """Looks where it was sent, which may not be where the environment of today points to."""
        from submit.intents import recovery

        patience_s = recovery.PATIENCE_S if patience_s is None else patience_s
        try:
            backend = load(intent.backend)
        except UsageError as error:  # another package's, which is not installed here
            return recovery.unknown(intent, error)
        world = World(elsewhere(self.around, intent.endpoints), intent.target)
        conversation = recovery.settled(intent, backend, surroundings.moment(), patience_s)
        return carry_out(conversation, world.perform)

    def handle(self, text: str) -> Handle:
        return Handle.parse(text, default_backend=self.target.backend)

    def describe(self, handles: Sequence[Handle]) -> Mapping[Handle, Status]:
        """One question for all jobs of a backend, not one for each."""
        found: dict[Handle, Status] = {}
        for name in dict.fromkeys(handle.backend for handle in handles):
            ours = [handle for handle in handles if handle.backend == name]
            found |= carry_out(load(name).describe(ours, self.target), self._world.perform)
        return found

    def links(self, handle: Handle) -> Mapping[str, str]:
        """Pages about a job; none if the services are not those of the cloud, for the pages are."""
        return {} if endpoints(self.around.environ) else load(handle.backend).links(handle, self.target)

    def list_jobs(self, limit: int, state: State | None = None) -> Sequence[Status]:
        """The newest first, at most `limit` of those that are in that state."""
        asked = limit if state is None else EVERY
        found = carry_out(load(self.target.backend).list_jobs(self.target, asked), self._world.perform)
        return [status for status in found if state in (None, status.state)][:limit]

    def logs(self, handle: Handle, *, follow: bool = True) -> Iterator[LogEntry]:
        """All entries of a job in order, each once; with `follow` until the job has ended."""
        stream = Stream({str(handle): ""})
        return (entry for batch in self.log_batches(stream, [handle], follow=follow) for entry in batch)

    def log_since(self, handle: Handle, timestamp: str) -> str:
        """The place in a job's log before what was written from that time on, or before that: a backend need not have
        `logs_since`."""
        find: Callable[[str], str] | None = getattr(load(handle.backend), "logs_since", None)
        return str(Place(find(timestamp))) if find and timestamp else ""

    def log_batches(
        self, stream: Stream, handles: Sequence[Handle], *, follow: bool, note: Callable[[str], None] = lambda _: None
    ) -> Iterator[list[LogEntry]]:
        """The logs of several jobs in one order, an empty list from time to time.

        `stream` has the places where they begin, by their handles as text, and keeps how far they were given; `note`
        is told what a person may want to know meanwhile.
        """
        asks = {str(handle): self._source(handle, follow=follow, alone=len(handles) == 1) for handle in handles}
        if len(asks) == 1:
            return watch.batches(stream, watch.OneAsker(*asks.values()), time.monotonic, note)
        from submit.world.together import Together

        return watch.batches(stream, Together(asks), time.monotonic, note)

    def _source(self, handle: Handle, *, follow: bool, alone: bool) -> watch.Ask:
        """Worlds are not shared between threads."""
        world = self._world if alone else World(self.around, self.target, self._observe)
        make = watch.following if follow else watch.so_far
        return make(load(handle.backend), handle, self.target, world.perform)

    def wait(self, handle: Handle, *, timeout_s: float | None = None) -> Status:
        """The status at the end, or the present one when the time is over."""
        return self.wait_for_all([handle], timeout_s=timeout_s)[handle]

    def wait_for_all(
        self, handles: Sequence[Handle], *, timeout_s: float | None = None, changed: Changed = lambda _: None
    ) -> Mapping[Handle, Status]:
        """As `wait`; all of them have the same time. `changed` is told of each new state."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        return watch.until_ended(handles, self.describe, self._pause(handles), time.monotonic, deadline, changed)

    def _pause(self, handles: Sequence[Handle]) -> Callable[[float], None]:
        """Between looks at jobs; a backend may end it sooner when it has one to mind. It need not have
        `await_change`."""
        alone = handles[0] if len(handles) == 1 else None
        await_change = getattr(load(alone.backend), "await_change", None) if alone else None
        if await_change is None:
            return surroundings.pause
        return lambda seconds: carry_out(await_change(alone, self.target, seconds), self._world.perform)

    def cancel(self, handle: Handle) -> None:
        carry_out(self._ending("cancel", handle), self._world.perform)

    def delete(self, handle: Handle) -> None:
        carry_out(self._ending("delete", handle), self._world.perform)

    def steps(self, verb: str, handle: Handle) -> list[Step]:
        """What `cancel` or `delete` would do."""
        return preview(self._ending(verb, handle))[0]

    def _ending(self, verb: str, handle: Handle) -> Conversation[None]:
        backend: Backend = load(handle.backend)
        end = {"cancel": backend.cancel, "delete": backend.delete}[verb]
        return end(handle, self.target)
