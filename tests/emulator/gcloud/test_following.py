"""`gcloud … stream-logs` of jobs that run: it shows all lines, soon, and ends."""

from __future__ import annotations

import statistics
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from submit.emulator import logs
from submit.emulator.router import Router
from submit.emulator.rpc.http import App
from submit.emulator.services import serve as services
from submit.emulator.storage import app as storage
from submit.engine import Engine
from tests.emulator.gcloud.conftest import Gcloud, messages
from tests.emulator.services.serving import Server

LINES = 60
STAMPS = f"""
import os, pathlib, time
go = pathlib.Path(os.environ["GCS_ROOT"], "digits", os.environ["CLOUD_ML_JOB_ID"] + ".go")
while not go.exists():
    time.sleep(0.05)
for n in range({LINES}):
    print("line", n, time.time(), flush=True)
    time.sleep(0.25)
"""
SIGN = "The job is still active."
HANGS_S = 1200.0
"""Far more than a stream takes on a machine that is busy with other things; only one that never ends is this long."""
LEFT_OUT_S = 5.0
"""Of the newest lines gcloud does not ask for those of the last five seconds, and so shows none before that."""


def follow(gcloud: Gcloud, *argv: str, tell: Callable[[str], None] = lambda _: None) -> list[tuple[str, float]]:
    """The lines of a stream with the times at which they appeared; each is told at once."""
    command = ["gcloud", *argv, "--polling-interval", "1"]
    environ = {**gcloud.project.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, text=True
    ) as child:
        assert child.stdout is not None
        seen = []
        for line in child.stdout:
            seen.append((line, time.time()))
            tell(line)
    assert child.returncode == 0, seen
    return seen


def test_no_line_is_lost_and_none_is_late(gcloud: Gcloud) -> None:
    job = gcloud.custom_job("stamps", STAMPS)
    gcloud.ml_job("stamps", STAMPS)
    number = job.rpartition("/")[2]
    begin = {name: (gcloud.buckets / "digits" / f"{name}.go").touch for name in (number, "stamps")}
    vertex = gcloud.pool.submit(follow, gcloud, "ai", "custom-jobs", "stream-logs", job, tell=lambda _: begin[number]())
    ml_engine = gcloud.pool.submit(
        follow, gcloud, "ml-engine", "jobs", "stream-logs", "stamps", tell=lambda _: begin["stamps"]()
    )
    for stream in (vertex, ml_engine):
        seen = stream.result()
        stamped = [(line.rpartition("\t")[2].split(), at) for line, at in seen if "\tline " in line]
        assert [int(words[1]) for words, _ in stamped] == list(range(LINES))
        late = sorted(at - float(words[2]) for words, at in stamped)  # written once the stream had begun
        print(f"{len(late)} lines, latency p50 {statistics.median(late):.2f} s, max {late[-1]:.2f} s")
        assert statistics.median(late) < LEFT_OUT_S
        assert seen[-1][0].rstrip().endswith("Job completed successfully.")


@pytest.fixture
def impatient(gcloud: Gcloud, tmp_path: Path, cache: Path) -> Iterator[Gcloud]:
    """Another emulator, which holds a following gcloud for two seconds at most."""
    buckets = tmp_path / "buckets"
    with (
        closing(Engine(tmp_path / "engine", cache=cache, bucket_root=buckets)) as engine,
        closing(storage.create(tmp_path / "storage", buckets)) as store,
        closing(services.create(engine, tmp_path, buckets)) as jobs,
        closing(logs.create(engine, tmp_path, hold_s=2.0)) as entries,
        ThreadPoolExecutor() as pool,
    ):
        apps: dict[str, App] = {"storage": store, "services": jobs.app, "logs": entries.app}
        with Server(Router(apps, buckets), []) as server:
            project = gcloud.project.__class__(gcloud.project.folder, _elsewhere(gcloud.project.environ, server.url))
            run = Gcloud(project, pool, buckets, gcloud.wheel)
            run("storage", "buckets", "create", "gs://digits", "--location", "us-central1")
            run("storage", "cp", str(gcloud.wheel), "gs://digits")
            yield run
            for job in engine.list():
                engine.cancel(str(job["id"]))


def _elsewhere(environ: dict[str, str], url: str) -> dict[str, str]:
    here = environ["STORAGE_EMULATOR_HOST"]
    return {name: value.replace(here, url) for name, value in environ.items()}


def test_a_job_that_is_silent_for_long_is_followed_to_its_end(impatient: Gcloud, tmp_path: Path) -> None:
    """It is silent until both streams have shown two signs of life."""
    stop, signs = tmp_path / "stop", Counter[str]()
    source = f"""
import pathlib, time
print("begin", flush=True)
while not pathlib.Path({str(stop)!r}).exists():
    time.sleep(0.1)
print("end")
"""

    def count(stream: str, line: str) -> None:
        signs[stream] += SIGN in line
        if signs["vertex"] >= 2 and signs["ml_engine"] >= 2:
            stop.touch()

    job = impatient.custom_job("silent", source)
    impatient.ml_job("silent", source)
    streams = [
        impatient.pool.submit(follow, impatient, *command, tell=partial(count, name))
        for name, command in (
            ("vertex", ("ai", "custom-jobs", "stream-logs", job)),
            ("ml_engine", ("ml-engine", "jobs", "stream-logs", "silent")),
        )
    ]
    for stream in streams:
        shown = messages("".join(line for line, _ in stream.result(timeout=HANGS_S)))
        assert [line for line in shown if line in ("begin", "end")] == ["begin", "end"]
        assert shown[-1] == "Job completed successfully."
