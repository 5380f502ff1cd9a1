"""The simulated capacity and preemption, over the control API."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

from submit.emulator.capacity.keeper import Keeper
from submit.emulator.capacity.settings import SettingsError
from submit.emulator.logs.jobs import find_job
from submit.emulator.rpc.errors import RpcError, bad_request, not_found
from submit.emulator.services.json_app import Question, Routes
from submit.engine import Engine
from submit.errors import ErrorKind, ServiceError


class CapacityApi:
    def __init__(self, capacity: Keeper, engine: Engine) -> None:
        self._capacity, self._engine = capacity, engine

    async def show(self, _: Question) -> Any:
        usage = await asyncio.to_thread(self._capacity.usage)
        return {**self._capacity.settings.to_json(), "usage": usage}

    async def patch(self, question: Question) -> Any:
        return await self._change(question.body, anew=False)

    async def put(self, question: Question) -> Any:
        return await self._change(question.body, anew=True)

    async def clear(self, _: Question) -> Any:
        return await self._change({}, anew=True)

    async def preempt(self, question: Question) -> Any:
        await asyncio.to_thread(self._preempt, question.path["job"])
        return {}

    def routes(self) -> Routes:
        return [
            ("GET", "/emulator/v1/capacity", self.show),
            ("PATCH", "/emulator/v1/capacity", self.patch),
            ("PUT", "/emulator/v1/capacity", self.put),
            ("DELETE", "/emulator/v1/capacity", self.clear),
            ("POST", "/emulator/v1/jobs/{job}:preempt", self.preempt),
        ]

    async def _change(self, change: Any, *, anew: bool) -> Any:
        try:
            return (await asyncio.to_thread(self._capacity.change, change, anew=anew)).to_json()
        except SettingsError as error:
            raise bad_request(str(error)) from error

    def _preempt(self, job: str) -> None:
        found = list(self._named(job))
        if not found:
            raise not_found(f"there is no job `{job}`")
        for engine_id in found:
            try:
                self._engine.preempt(engine_id)
            except ServiceError as error:
                message = error.problems[0].message.replace(f"`{engine_id}`", f"`{job}`")  # the user's name for it
                raise RpcError("FAILED_PRECONDITION", message) from error

    def _named(self, job: str) -> Iterator[str]:
        """The engine's ids of those that have it."""
        for engine_id in find_job(job):
            try:
                yield str(self._engine.get([engine_id])[0]["id"])
            except ServiceError as error:
                if error.kind is not ErrorKind.NOT_FOUND:
                    raise
