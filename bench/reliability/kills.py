"""Many jobs on this machine while replicas are killed at random: each ends with the right state and cause. Linux only.

A replica that was killed is started again three times; one that was killed more often fails its job by the signal.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.reliability.site import Site

RESTARTS = 3
SECONDS = "1.5"


def run(site: Site, *, jobs: int, at_once: int, chance: float, seed: int) -> Iterator[str]:
    """Lines for people; those that begin with WRONG say what does not hold."""
    env = {"SUBMIT_LOCAL_CONCURRENCY": str(at_once)}
    begin = time.monotonic()
    with killing(Killer(site, chance, seed)) as killer:
        for number in range(jobs):
            done = site.submit("train", "--async", "--job-name", f"job{number}", "--", "--seconds", SECONDS, env=env)
            if done.code:
                yield f"WRONG job{number}: {done.err}"
        while (found := _jobs(site, jobs, env)) and any(job["ended"] is None for job in found):
            time.sleep(1.0)
    yield from (f"WRONG {line}" for job in found for line in _wrong(job, killer.kills[job["name"]]))
    states = Counter(f"{job['state']} {job['cause'] or ''}".strip() for job in found)
    yield (
        f"  {len(found)} jobs, {at_once} at once, in {time.monotonic() - begin:.0f} s; {killer.kills.total()} replicas"
        f" killed; {', '.join(f'{count} {state}' for state, count in states.items())}"
    )


def _jobs(site: Site, limit: int, env: dict[str, str]) -> list[Any]:
    found: list[Any] = site.submit("jobs", "list", "--limit", str(limit), "--format", "json", env=env).json
    return found


def _wrong(job: Any, kills: int) -> Iterator[str]:
    expected = ("SUCCEEDED", None) if kills <= RESTARTS else ("FAILED", "signal")
    if (job["state"], job["cause"]) != expected:
        yield f"{job['name']} was killed {kills} times and is {job['state']} by {job['cause']}"
    restarts = job["replicas"][0]["restarts"]
    if restarts != min(kills, RESTARTS):
        yield f"{job['name']} was killed {kills} times and started again {restarts} times"


@contextlib.contextmanager
def killing(killer: Killer) -> Iterator[Killer]:
    """From the first job on, in a thread."""
    thread = threading.Thread(target=killer.strike)
    thread.start()
    try:
        yield killer
    finally:
        killer.over.set()
        thread.join()


class Killer:
    """`kills`: how often replicas of a job were killed. Each program is struck with `chance`, soon after its start."""

    def __init__(self, site: Site, chance: float, seed: int) -> None:
        self.kills: Counter[str] = Counter()
        self._mark = f"HOME={site.root / 'home'}".encode()
        self._chance, self._random = chance, random.Random(seed)
        self._seen: set[int] = set()
        self.over = threading.Event()

    def strike(self) -> None:
        while not self.over.wait(0.02):
            for pid, job in self._programs():
                if pid not in self._seen:
                    self._seen.add(pid)
                    self._strike(pid, job)

    def _strike(self, pid: int, job: str) -> None:
        if self._random.random() < self._chance:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                self.kills[job] += 1

    def _programs(self) -> Iterator[tuple[int, str]]:
        """Trainers of this site, as the kernel knows them."""
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if b"\0trainer.task\0" in (entry / "cmdline").read_bytes():
                    variables = (entry / "environ").read_bytes().split(b"\0")
                    names = [v.partition(b"=")[2].decode() for v in variables if v.startswith(b"CLOUD_ML_JOB_ID=")]
                    if names and self._mark in variables:
                        yield int(entry.name), names[0]
