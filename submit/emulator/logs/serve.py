"""The methods of `google.logging.v2.LoggingServiceV2`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from submit.emulator.logs.answers import entry_list, tailed
from submit.emulator.logs.following import HOLD_S, Followers, run_of_gcloud
from submit.emulator.logs.jobs import FindJob, JobLogs, find_job
from submit.emulator.logs.listing import page, query
from submit.emulator.logs.tailing import tail
from submit.emulator.logs.writing import complete
from submit.emulator.logs.written import Written
from submit.emulator.rpc import RestApp, caller, grpc_handler, message_class
from submit.emulator.rpc.errors import bad_request
from submit.emulator.rpc.http import App

if TYPE_CHECKING:
    from submit.engine import Engine

SERVICE = "google.logging.v2.LoggingServiceV2"


class Logs:
    """`app` answers REST; `close` closes the written entries, not the engine."""

    def __init__(self, engine: Engine, written: Written, find: FindJob, hold_s: float) -> None:
        self._jobs, self._written = JobLogs(engine, find), written
        self._followers = Followers(self._jobs, written, hold_s)
        self._methods: dict[str, Callable[..., Any]] = {
            "ListLogEntries": self._list,
            "WriteLogEntries": self._write,
            "TailLogEntries": self._tail,
        }
        self.app: App = RestApp({SERVICE: self._methods})

    def grpc_handlers(self) -> list[Any]:
        return [grpc_handler(SERVICE, self._methods)]

    def clear(self) -> None:
        """Forgets what clients have written."""
        self._written.clear()

    def close(self) -> None:
        self._written.close()

    async def _list(self, request: Any) -> Any:
        asked = query(request)
        run = run_of_gcloud(caller.get())
        if run is None:
            found = await asyncio.to_thread(page, asked, self._jobs, self._written)
        else:
            found = await self._followers.page(asked, run)
        return await asyncio.to_thread(entry_list, *found)

    async def _write(self, request: Any) -> Any:
        entries = complete(request)
        if not request.dry_run:
            await asyncio.to_thread(self._written.write, entries)
        return message_class("google.logging.v2.WriteLogEntriesResponse")()

    async def _tail(self, requests: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """Of the client's messages only the first counts, as with the service."""
        request = await anext(requests, None)
        if request is None:
            raise bad_request("A tail begins with a request.")
        async for entries in tail(request, self._jobs, self._written):
            yield tailed(entries)


def create(
    engine: Engine, data_dir: Path, *, find_job: Callable[[str], Any] = find_job, hold_s: float = HOLD_S
) -> Logs:
    """`data_dir` keeps the entries that clients write; `find_job` gives the engine's ids that a job's id in a filter
    may stand for; `hold_s` bounds how long `gcloud … stream-logs` waits for an answer."""
    return Logs(engine, Written(data_dir / "logs.sqlite3"), find_job, hold_s)
