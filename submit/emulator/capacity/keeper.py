"""Keeps the simulated capacity: takes jobs in, holds those that there is no room for, lets them go when there is."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from submit.emulator.capacity import decision
from submit.emulator.capacity.decision import PROVISIONING, QUEUED, QUOTA, STOCK_OUT, Stage
from submit.emulator.capacity.metrics import demand, usage
from submit.emulator.capacity.settings import Settings, SettingsError
from submit.engine.folder import read_json, write_json
from submit.errors import ServiceError

if TYPE_CHECKING:
    from submit.engine import Engine

_STEP_S = 0.1
_SPOT = ("SPOT", "LOW_COST")


class Keeper:
    """`file` keeps the settings. Calls block. What is held is known to the engine, so it outlives the emulator."""

    def __init__(self, engine: Engine, file: Path) -> None:
        self._engine, self._file = engine, file
        self.settings = _read(file)
        self._lock = threading.Lock()
        self._until: dict[str, float] = {}  # how long jobs stay in their stage, by the monotonic clock
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        with self._lock:
            self._tend()

    def close(self) -> None:
        self._closing.set()
        if self._thread:
            self._thread.join()

    def create(self, request: Mapping[str, Any]) -> Any:
        """`Engine.create` for a job of the cloud. Raises `RpcError` and ServiceError."""
        settings = self.settings
        decision.refuse(request, settings)
        whole = {**request, "notices": [*(request.get("notices") or []), *decision.notices(request)]}
        if settings.preempt_after_s is not None and request.get("strategy") in _SPOT:
            whole["preempt_after_s"] = settings.preempt_after_s
        if not (settings.quotas or settings.stock_outs or settings.realistic):
            return self._engine.create(whole)
        with self._lock:  # two jobs must not both take the last machine
            return self._take_in(whole)

    def change(self, change: Any, *, anew: bool = False) -> Settings:
        """`anew`: from no limits at all. Raises SettingsError."""
        with self._lock:
            self.settings = (Settings() if anew else self.settings).changed(change)
            write_json(self._file, self.settings.kept())
            return self.settings

    def usage(self) -> dict[str, dict[str, int]]:
        """By region and metric, of the jobs that do not wait for room."""
        taken = (job["request"] for job in self._unfinished() if job["held"] not in (QUOTA, STOCK_OUT))
        return {region: dict(amounts) for region, amounts in usage(taken).items() if amounts}

    def _take_in(self, request: dict[str, Any]) -> Any:
        before = usage(job["request"] for job in self._unfinished())
        stage = decision.first_stage(request, self.settings, before.get(str(request.get("region")), {}))
        job = self._engine.create({**request, "held": stage.held})
        if stage.held:
            self._enter(request["id"], stage)
            self._tend()
        return job

    def _tend(self) -> None:
        """Looks after held jobs for as long as there are any."""
        if self._thread is None and any(job["held"] for job in self._unfinished()):
            self._thread = threading.Thread(target=self._look_on, name="capacity", daemon=True)
            self._thread.start()

    def _look_on(self) -> None:
        while not self._closing.wait(_STEP_S):
            with self._lock, contextlib.suppress(ServiceError):  # a store that is busy is asked again
                if not self._look():
                    self._thread = None
                    return

    def _look(self) -> bool:
        """Moves on what can move; whether any job is still held."""
        jobs = self._unfinished()
        used: dict[str, Counter[str]] = {}
        for job in jobs:
            request = job["request"]
            region = used.setdefault(str(request.get("region")), Counter())
            if job["held"]:
                self._move(job, region)
            region.update(demand(request))  # also of those that wait: who comes later does not overtake them
        return any(job["held"] for job in jobs)

    def _move(self, job: Mapping[str, Any], used: Mapping[str, int]) -> None:
        request, held = job["request"], job["held"]
        over = time.monotonic() >= self._until.get(job["id"], 0.0)
        stage = self._next(request, held, used, over=over)
        if stage.held == STOCK_OUT:
            self._engine.fail(job["id"], "stock-out", decision.stock_out_words(str(request.get("region"))))
        elif stage.held != held:
            self._enter(job["id"], stage)
            self._engine.hold(job["id"], stage.held)

    def _next(self, request: Mapping[str, Any], held: str, used: Mapping[str, int], *, over: bool) -> Stage:
        """`over`: the time of the stage that it is in is. What a process before us has held waits no longer."""
        if held in (QUOTA, STOCK_OUT):
            return decision.first_stage(request, self.settings, used)
        if self.settings.realistic and not over:
            return Stage(held)
        return decision.after_queue(request, self.settings) if held == QUEUED else Stage(None)

    def _enter(self, job: str, stage: Stage) -> None:
        self._until.pop(job, None)
        if stage.seconds is not None:
            self._until[job] = time.monotonic() + stage.seconds

    def _unfinished(self) -> list[Any]:
        return list(self._engine.unfinished())


def shown(job: dict[str, Any]) -> dict[str, Any]:
    """The engine's job as the cloud shows it: one that waits for its machines is no longer queued."""
    if job["state"] == "QUEUED" and job["held"] == PROVISIONING:
        return {**job, "state": "PREPARING"}
    return job


def _read(file: Path) -> Settings:
    """What somebody has broken by hand is no reason not to start."""
    try:
        return Settings().changed(read_json(file) or {})
    except (SettingsError, ValueError):
        return Settings()
