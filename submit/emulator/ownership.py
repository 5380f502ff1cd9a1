"""An emulator that belongs to a process, such as a run of tests, and leaves nothing behind when that ends."""

from __future__ import annotations

import asyncio
import os
import time
from typing import Any

from submit.engine import Engine
from submit.engine.states import ENDED

LOOK_S = 0.5
PATIENCE_S = 8.0
_NO_REQUESTS = 1 << 62
"""No job has such a number."""


def is_gone(owner: int) -> bool:
    """Whether our parent, which was `owner`, has died."""
    return os.getppid() != owner


async def until_gone(owner: int) -> None:
    while not is_gone(owner):
        await asyncio.sleep(LOOK_S)


def end_jobs(engine: Engine) -> None:
    """Cancels all, those that wait before those that run, and waits until they have ended."""
    deadline = time.monotonic() + PATIENCE_S
    for job in _open(engine):
        engine.cancel(job["id"])
    while _open(engine) and time.monotonic() < deadline:
        time.sleep(0.02)


def _open(engine: Engine) -> list[Any]:
    """Newest first, so that no place that becomes free is taken by one that waits."""
    engine.settle()
    return [job for job in engine.overview(_NO_REQUESTS) if job["state"] not in ENDED]
