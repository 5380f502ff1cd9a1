"""Back to an emulator that nobody has used: no jobs, logs, buckets, faults and limits. Its port and ids go on."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from submit.emulator.control.faults import FaultBook
from submit.emulator.logs import Logs
from submit.emulator.ownership import end_jobs
from submit.emulator.rpc.errors import RpcError
from submit.emulator.services.json_app import Question, Routes
from submit.emulator.services.serve import Services
from submit.emulator.storage.app import Storage
from submit.engine import Engine
from submit.engine.states import ENDED

_PATIENCE_S = 60.0
"""Jobs get their grace to end, and what ends them some time more."""


class ResetApi:
    def __init__(self, engine: Engine, faults: FaultBook, services: Services, logs: Logs, storage: Storage) -> None:
        self._engine, self._faults = engine, faults
        self._services, self._logs, self._storage = services, logs, storage

    async def reset(self, _: Question) -> Any:
        """Running jobs are cancelled first: they would write into what is gone."""
        self._faults.clear()
        jobs = await asyncio.to_thread(_forget_jobs, self._engine)
        await asyncio.to_thread(self._services.clear)
        await asyncio.to_thread(self._logs.clear)
        buckets = await self._storage.clear()
        return {"jobs": jobs, "buckets": buckets}

    def routes(self) -> Routes:
        return [("POST", "/emulator/v1:reset", self.reset)]


def _forget_jobs(engine: Engine) -> int:
    """How many there were. Raises `RpcError` if one does not end."""
    deadline = time.monotonic() + _PATIENCE_S
    while unfinished := [job["id"] for job in engine.overview() if job["state"] not in ENDED]:
        if time.monotonic() > deadline:
            names = ", ".join(map(str, unfinished))
            raise RpcError("DEADLINE_EXCEEDED", f"these jobs were cancelled and have not ended yet: {names}")
        end_jobs(engine)
    jobs = engine.overview()
    for job in jobs:
        engine.delete(str(job["id"]))
    return len(jobs)
