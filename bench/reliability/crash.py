"""The crash matrix: `submit train` killed anywhere.

After `submit jobs recover` one job exists or none, and it says which.
"""

from __future__ import annotations

import contextlib
import hashlib
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from bench.reliability.site import Site

PATIENCE_S = "3"
"""for `recover`: nobody else's requests are on their way in this emulator"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crash:
    """`said` is what `recover` (or, if the end was reached, the journal) says; `wrong` why that is not so."""

    backend: str
    point: str
    said: str
    wrong: str = ""


def effects(site: Site, backend: str) -> int:
    """How many effects a submission has, the second time: caches are warm then."""
    seen = site.root / "seen"
    for _ in range(2):
        done = site.run(_killed(0, str(seen), backend))
        assert done.code == 0, done.err
    return int(seen.read_text())


def at_each_effect(site: Site, backend: str, points: list[int]) -> Iterator[Crash]:
    for point in points:
        before = site.jobs()
        done = site.run(_killed(point, "/dev/null", backend))
        yield _judged(site, backend, f"effect {point}", before, done.code)


def at_random(site: Site, backend: str, count: int, seed: int) -> Iterator[Crash]:
    """At any moment from the start of the process to a little after its usual end."""
    chance = random.Random(seed)
    for number in range(count):
        if number % 20 == 0:  # what else the machine does changes
            begin = time.monotonic()
            site.submit(*_train(backend))
            usual_s = time.monotonic() - begin
        before = site.jobs()
        after_s = chance.uniform(0.0, usual_s * 1.1)
        with site.start(site.command(*_train(backend))) as process:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(after_s)
            process.kill()
        yield _judged(site, backend, f"{after_s:.3f} s", before, process.returncode)


def summary(crashes: list[Crash]) -> Counter[tuple[str, str]]:
    return Counter((crash.backend, "WRONG" if crash.wrong else crash.said) for crash in crashes)


def nothing_twice(site: Site) -> list[str]:
    """Looked at once more at the very end: what came about late would be seen now."""
    wrong = [f"{len(names)} jobs of {submission}" for submission, names in site.jobs().items() if len(names) != 1]
    known = {row[0]: row for row in _journal(site)}
    for submission, names in site.jobs().items():
        state, handle = known[submission][1:] if submission in known else ("nothing", None)
        if state != "created" or handle is None or not handle.endswith(names[0]):
            wrong.append(f"{names[0]} exists, the journal says {state}")
    wrong += [
        f"{name} was staged damaged"
        for name, data in site.objects()
        if name.split("/")[-2] != hashlib.sha256(data).hexdigest()
    ]
    wrong += [f"{path} is left" for path in (site.state / "submissions").rglob("*.part")]
    wrong += [f"{path} is left" for path in (site.state / "submissions/alive").iterdir()]
    return wrong


def _judged(site: Site, backend: str, point: str, before: dict[str, list[str]], code: int) -> Crash:
    if code not in (0, -signal.SIGKILL):
        return Crash(backend=backend, point=point, said="", wrong=f"exit code {code}")
    recovered = site.submit("jobs", "recover", "--patience", PATIENCE_S, "--format", "json")
    while recovered.code == 3:
        time.sleep(0.5)
        recovered = site.submit("jobs", "recover", "--patience", PATIENCE_S, "--format", "json")
    if recovered.code != 0:
        return Crash(backend=backend, point=point, said="", wrong=f"recover: {recovered.err}")
    new = {key: names for key, names in site.jobs().items() if key not in before}
    names = [name for each in new.values() for name in each]
    verdicts = recovered.json
    said = verdicts[0]["verdict"] if verdicts else "done" if names else "not begun"
    return Crash(backend=backend, point=point, said=said, wrong=_wrong(site, verdicts, names))


def _wrong(site: Site, verdicts: list[dict[str, str]], names: list[str]) -> str:
    if len(names) > 1 or len(verdicts) > 1:
        return f"{len(names)} jobs, {len(verdicts)} verdicts"
    handles = [verdict["handle"] for verdict in verdicts if verdict["handle"]]
    if not verdicts:
        handles = [row[2] for row in _journal(site) if row[2] and any(row[2].endswith(name) for name in names)]
    if [handle.split("://")[1] for handle in handles] != names:
        return f"there is {names or 'no job'}, it says {handles or 'that there is none'}"
    again = site.submit("jobs", "recover", "--format", "json").json
    return f"still open: {again}" if again else ""


def _journal(site: Site) -> list[tuple[str, str, str | None]]:
    path = site.state / "submissions/journal.sqlite3"
    if not path.exists():
        return []
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT submission_id, state, handle FROM intents").fetchall()


def _train(backend: str) -> list[str]:
    """Jobs that wait for each other: the first one lasts, so that this machine has nothing to do for them."""
    return ["train", "--backend", backend, "--staging-bucket", "gs://staging", "--async", "--", "--seconds", "100000"]


def _killed(point: int, seen: str, backend: str) -> list[str]:
    return [sys.executable, "-m", "bench.reliability.killed", str(point), seen, *_train(backend)]
