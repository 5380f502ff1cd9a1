"""Keeps the simulated capacity: takes jobs in, holds those that there is no room for, lets them go when there is."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from submit import rehearsal
from submit.emulator.capacity import decision
from submit.emulator.capacity.decision import PROVISIONING, QUEUED, QUOTA, STOCK_OUT, Stage
from submit.emulator.capacity.metrics import Need, usage
from submit.emulator.capacity.settings import Settings, SettingsError
from submit.emulator.shelf import Shelf
from submit.engine.folder import read_json, write_json
from submit.engine.states import ENDED
from submit.errors import ServiceError

if TYPE_CHECKING:
    from submit.engine import Engine

_STEP_S = 0.2
_SPOT = ("SPOT", "LOW_COST")


class Keeper:
    """`file` keeps the settings. Calls block. What is held is known to the engine, so it outlives the emulator."""

    def __init__(self, engine: Engine, file: Path) -> None:
        self._engine, self._shelf, self._file = engine, Shelf(engine), file
        self.settings = _read(file)
        self._lock = threading.Lock()
        self._until: dict[str, float] = {}  # how long jobs stay in their stage, by the monotonic clock
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        with self._lock:
            self._tend()

    def close(self) -> None:
        self._closing.set()
        if thread := self._thread:  # which forgets itself when it ends
            thread.join()

    def create(self, request: Mapping[str, Any]) -> Any:
        """`Engine.create` for a job of the cloud. Raises `RpcError` and ServiceError."""
        settings, need = self.settings, Need.of(request)
        if settings.refuses_retired:
            decision.refuse_retired(request)
        decision.refuse(need, settings)
        whole = {**request, "client": {**request["client"], "needs": need}, "notices": list(decision.notices(request))}
        whole |= _preemption(request, settings)
        if not (settings.quotas or settings.stock_outs or settings.realistic):
            return self._engine.create(whole)
        with self._lock:  # two jobs must not both take the last machine
            return self._take_in(whole, need)

    def change(self, change: Any, *, anew: bool = False) -> Settings:
        """`anew`: from no limits at all. Raises SettingsError."""
        with self._lock:
            self.settings = (Settings() if anew else self.settings).changed(change)
            write_json(self._file, self.settings.kept())
            return self.settings

    def usage(self) -> dict[str, dict[str, int]]:
        """By region and metric, of the jobs that do not wait for room."""
        taken = (_need(job) for job in self._unfinished() if job["held"] not in (QUOTA, STOCK_OUT))
        return {region: dict(amounts) for region, amounts in usage(taken).items() if amounts}

    def _take_in(self, request: dict[str, Any], need: Need) -> Any:
        before = usage(map(_need, self._unfinished()))
        stage = decision.first_stage(need, self.settings, before.get(need.region, {}))
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
            need = _need(job)
            region = used.setdefault(need.region, Counter())
            if job["held"]:
                self._move(job, need, region)
            region.update(need.amounts)  # also of those that wait: who comes later does not overtake them
        return any(job["held"] for job in jobs)

    def _move(self, job: Mapping[str, Any], need: Need, used: Mapping[str, int]) -> None:
        stage = self._next(job, need, used)
        if stage.held == STOCK_OUT:
            self._engine.fail(job["id"], "stock-out", decision.stock_out_words(need.region))
        elif stage.held != job["held"]:
            self._enter(job["id"], stage)
            self._engine.hold(job["id"], stage.held)

    def _next(self, job: Mapping[str, Any], need: Need, used: Mapping[str, int]) -> Stage:
        """What a process before us has held for some time waits no longer."""
        held = job["held"]
        if held in (QUOTA, STOCK_OUT):
            return decision.first_stage(need, self.settings, used)
        if self.settings.realistic and time.monotonic() < self._until.get(job["id"], 0.0):
            return Stage(held)
        return decision.after_queue(job["client"]["kind"], self.settings) if held == QUEUED else Stage(None)

    def _enter(self, job: str, stage: Stage) -> None:
        self._until.pop(job, None)
        if stage.seconds is not None:
            self._until[job] = time.monotonic() + stage.seconds

    def _unfinished(self) -> list[dict[str, Any]]:
        """Oldest first, as `Shelf` has them."""
        return [job for job in reversed(self._shelf.all()) if job["state"] not in ENDED]


def _preemption(request: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    """What takes the machines of a job away: its own wish, once, or the cloud that takes all of its kind."""
    wish_s = rehearsal.after_s(request["labels"])
    if wish_s is not None:
        return {"preempt_after_s": wish_s, "preempt_times": 1}
    if settings.preempt_after_s is not None and request.get("strategy") in _SPOT:
        return {"preempt_after_s": settings.preempt_after_s}
    return {}


def _need(job: Mapping[str, Any]) -> Need:
    return Need(*job["client"].get("needs") or ("", {}, ()))


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
