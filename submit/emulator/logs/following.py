"""`gcloud … stream-logs`, which asks for a page every so often, served so that it is quick, loses nothing and ends.

It leaves out the last five seconds, which it then often skips; it ends only when nothing came twice. So its upper bound
is dropped, and it is answered when there is something that this run of it has not seen, or when the job has ended.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from submit.emulator.logs.answers import EntryList
from submit.emulator.logs.entries import JsonEntry, for_gcloud, heartbeat
from submit.emulator.logs.listing import JOB_ID, Query, page
from submit.emulator.logs.merging import key
from submit.emulator.logs.narrowing import required, without_upper_bound
from submit.emulator.logs.sources import Sources
from submit.emulator.rpc.caller import Caller

HOLD_S = 240.0
"""gcloud gives up after 300 s."""

_STEP_S = 0.1
_REMEMBERED = 1000
_COMMANDS = (".stream-logs", ".submit.training")


def run_of_gcloud(who: Caller) -> str | None:
    """The invocation id of a gcloud that follows a job's log."""
    command, run = who.gcloud
    return run if command.endswith(_COMMANDS) else None


class Followers:
    """What each run of gcloud has been shown last."""

    def __init__(self, sources: Sources, hold_s: float = HOLD_S) -> None:
        self._sources, self._hold_s = sources, hold_s
        self._seen: OrderedDict[str, JsonEntry] = OrderedDict()

    async def page(self, asked: Query, run: str, hung_up: Callable[[], Awaitable[object]]) -> EntryList:
        """After `hold_s` without anything new a sign of life: two answers without news would end the stream.

        Nobody is waited for who has `hung_up`.
        """
        gone = asyncio.ensure_future(hung_up())
        try:
            return await self._page(asked, run, gone)
        finally:
            gone.cancel()

    async def _page(self, asked: Query, run: str, gone: asyncio.Future[object]) -> EntryList:
        asked = asked._replace(node=without_upper_bound(asked.node))
        job_ids = required(asked.node, JOB_ID) or frozenset()
        begin = time.monotonic()
        while True:
            ended = await asyncio.to_thread(self._sources.jobs.have_ended, job_ids)
            found = await asyncio.to_thread(page, asked, self._sources)
            if ended or gone.done() or self._is_news(found, run):
                return self._shown(found, run)
            if time.monotonic() - begin >= self._hold_s:
                return self._shown(self._with_heartbeat(found, run), run)
            await asyncio.wait([gone], timeout=_STEP_S)

    def _is_news(self, found: EntryList, run: str) -> bool:
        if not found.entries:
            return False
        return run not in self._seen or key(found.entries[-1]) > key(self._seen[run])

    def _shown(self, found: EntryList, run: str) -> EntryList:
        if found.entries:
            self._seen[run] = found.entries[-1]
            self._seen.move_to_end(run)
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)
        return EntryList([for_gcloud(entry) for entry in found.entries], found.next_token)

    def _with_heartbeat(self, found: EntryList, run: str) -> EntryList:
        if run not in self._seen:
            return found
        return EntryList([*found.entries, heartbeat(self._seen[run], "The job is still active.")], "")
