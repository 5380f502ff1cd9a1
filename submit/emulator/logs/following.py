"""`gcloud … stream-logs`, which asks for a page every so often, served so that it is quick, loses nothing and ends.

It leaves out the last five seconds, which it then often skips; it ends only when nothing came twice. So its upper bound
is dropped, and it is answered when there is something that this run of it has not seen, or when the job has ended.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict

from submit.emulator.logs.entries import JsonEntry, heartbeat
from submit.emulator.logs.jobs import JobLogs
from submit.emulator.logs.listing import JOB_ID, Page, Query, key, page
from submit.emulator.logs.narrowing import required, without_upper_bound
from submit.emulator.logs.written import Written
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

    def __init__(self, jobs: JobLogs, written: Written, hold_s: float = HOLD_S) -> None:
        self._jobs, self._written, self._hold_s = jobs, written, hold_s
        self._seen: OrderedDict[str, JsonEntry] = OrderedDict()

    async def page(self, asked: Query, run: str) -> Page:
        """After `hold_s` without anything new a sign of life: two answers without news would end the stream."""
        asked = asked._replace(node=without_upper_bound(asked.node))
        job_ids = required(asked.node, JOB_ID) or frozenset()
        begin = time.monotonic()
        while True:
            ended = await asyncio.to_thread(self._jobs.have_ended, job_ids)
            found = await asyncio.to_thread(page, asked, self._jobs, self._written)
            if ended or self._is_news(found, run):
                return self._shown(found, run)
            if time.monotonic() - begin >= self._hold_s:
                return self._shown(self._with_heartbeat(found, run), run)
            await asyncio.sleep(_STEP_S)

    def _is_news(self, found: Page, run: str) -> bool:
        if not found.entries:
            return False
        return run not in self._seen or key(found.entries[-1]) > key(self._seen[run])

    def _shown(self, found: Page, run: str) -> Page:
        if found.entries:
            self._seen[run] = found.entries[-1]
            self._seen.move_to_end(run)
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)
        return found

    def _with_heartbeat(self, found: Page, run: str) -> Page:
        if run not in self._seen:
            return found
        return Page([*found.entries, heartbeat(self._seen[run], "The job is still active.")], "")
