"""The methods of `google.logging.v2.LoggingServiceV2`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from submit.emulator.logs.answers import tailed
from submit.emulator.logs.control import routes
from submit.emulator.logs.following import HOLD_S, Followers, run_of_gcloud
from submit.emulator.logs.jobs import JobLogs, find_job
from submit.emulator.logs.lateness import Lateness
from submit.emulator.logs.listing import page, query
from submit.emulator.logs.quota import ReadQuota
from submit.emulator.logs.settings import Controls
from submit.emulator.logs.sources import Sources
from submit.emulator.logs.tailing import tail
from submit.emulator.logs.writing import complete
from submit.emulator.logs.written import Written
from submit.emulator.rpc import RestApp, caller, grpc_handler, message_class
from submit.emulator.rpc.errors import bad_request
from submit.emulator.rpc.http import App
from submit.emulator.services.json_app import Routes

if TYPE_CHECKING:
    from submit.engine import Engine

SERVICE = "google.logging.v2.LoggingServiceV2"


class Logs:
    """`app` answers REST; `close` closes the written entries, not the engine."""

    def __init__(self, sources: Sources, hold_s: float) -> None:
        self._sources = sources
        self._followers, self._quota = Followers(sources, hold_s), ReadQuota(sources.controls)
        self._methods: dict[str, Callable[..., Any]] = {
            "ListLogEntries": self._list,
            "WriteLogEntries": self._write,
            "TailLogEntries": self._tail,
        }
        self.app: App = RestApp({SERVICE: self._methods})

    def routes(self) -> Routes:
        """Of the control API."""
        return routes(self._sources.controls)

    def grpc_handlers(self) -> list[Any]:
        return [grpc_handler(SERVICE, self._methods)]

    def clear(self) -> None:
        """Forgets what clients have written, and the settings."""
        self._sources.controls.reset()
        self._sources.controls.lateness.clear()
        self._sources.written.clear()

    def close(self) -> None:
        self._sources.written.close()

    async def _list(self, request: Any) -> Any:
        asked = query(request)
        self._quota.use(asked.projects)
        who = caller.get()
        run = run_of_gcloud(who)
        if run is None or who.hung_up is None:
            return await asyncio.to_thread(page, asked, self._sources)
        return await self._followers.page(asked, run, who.hung_up)

    async def _write(self, request: Any) -> Any:
        entries = complete(request)
        if not request.dry_run:
            await asyncio.to_thread(self._sources.written.write, entries)
        return message_class("google.logging.v2.WriteLogEntriesResponse")()

    async def _tail(self, requests: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """Of the client's messages only the first counts, as with the service."""
        request = await anext(requests, None)
        if request is None:
            raise bad_request("A tail begins with a request.")
        async for entries, suppressed in tail(request, self._sources):
            yield tailed(entries, suppressed)


def create(
    engine: Engine, data_dir: Path, *, find_job: Callable[[str], Any] = find_job, hold_s: float = HOLD_S
) -> Logs:
    """`data_dir` keeps the entries that clients write; `find_job` gives the engine's ids that a job's id in a filter
    may stand for; `hold_s` bounds how long `gcloud … stream-logs` waits for an answer."""
    written = Written(data_dir / "logs.sqlite3")
    controls = Controls(Lateness(data_dir / "late.json"))
    return Logs(Sources(JobLogs(engine, find_job), written, controls), hold_s)
