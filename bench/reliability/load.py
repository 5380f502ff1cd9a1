"""Many submissions at once while calls fail at random: as many jobs as were asked for, none twice."""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Iterator

from bench.reliability.site import Site

FAULTS = ("503", "500", "429", "reset", "reset-after")


def run(site: Site, backend: str, *, processes: int, each: int, chance: float) -> Iterator[str]:
    """Lines for people; those that begin with WRONG say what does not hold."""
    warmed = site.submit("train", "--backend", backend, "--staging-bucket", "gs://staging", "--async", "--dry-run")
    assert warmed.code == 0, warmed.err
    before = site.jobs()
    for number, answer in enumerate(FAULTS):
        site.fault("*", answer, probability=chance / len(FAULTS), seed=number)
    begin = time.monotonic()
    argv = [sys.executable, "-m", "bench.reliability.submitter", str(each), backend]
    workers = [site.start(argv, {"CLOUDSDK_CORE_HTTP_TIMEOUT": "10"}) for _ in range(processes)]
    ends = [(worker, *worker.communicate()) for worker in workers]
    took_s = time.monotonic() - begin
    site.clear_faults()
    yield from (f"WRONG exit code {worker.returncode}: {err[-500:]}" for worker, _, err in ends if worker.returncode)
    yield from _figures([json.loads(out) for worker, out, _ in ends if not worker.returncode], took_s)
    yield from _wrong(site, before, processes * each)


def _figures(found: list[dict[str, float | list[float]]], took_s: float) -> Iterator[str]:
    seconds = sorted(value for each in found for value in each["seconds"])  # type: ignore[union-attr] # a list
    peak = max(each["peak_bytes"] for each in found)
    settled = sum(each["settled"] for each in found)  # type: ignore[misc] # a number
    yield (
        f"  {len(seconds)} submissions in {took_s:.0f} s, {len(seconds) / took_s:.1f} a second; each: median"
        f" {statistics.median(seconds):.2f} s, longest {seconds[-1]:.1f} s; {settled} begun anew;"
        f" at most {peak / (1 << 20):.0f} MiB"  # type: ignore[operator] # a number
    )


def _wrong(site: Site, before: dict[str, list[str]], wanted: int) -> Iterator[str]:
    new = {submission: names for submission, names in site.jobs().items() if submission not in before}
    count = sum(map(len, new.values()))
    twice = [submission for submission, names in new.items() if len(names) > 1]
    yield f"  {count} jobs, {len(twice)} of them twice"
    if count != wanted or twice:
        yield f"WRONG {wanted} jobs were wanted, there are {count}; twice: {twice}"
    if still := site.submit("jobs", "recover", "--patience", "0", "--format", "json").json:
        yield f"WRONG {len(still)} submissions are still open: {still[:3]}"
