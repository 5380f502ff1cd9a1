"""`gcloud … stream-logs` of jobs that run: it shows all lines, soon, and ends."""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
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
import time
for n in range({LINES}):
    print("line", n, time.time(), flush=True)
    time.sleep(0.25)
"""
LEFT_OUT_S = 5.0
"""Of the newest lines gcloud does not ask for those of the last five seconds, and so shows none before that."""


def follow(gcloud: Gcloud, *argv: str) -> list[tuple[str, float]]:
    """The lines of a stream with the times at which they appeared."""
    command = ["gcloud", *argv, "--polling-interval", "1"]
    environ = {**gcloud.project.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, text=True
    ) as child:
        assert child.stdout is not None
        seen = [(line, time.time()) for line in child.stdout]
    assert child.returncode == 0, seen
    return seen


def test_no_line_is_lost_and_none_is_late(gcloud: Gcloud) -> None:
    job = gcloud.custom_job("stamps", STAMPS)
    gcloud.ml_job("stamps", STAMPS)
    vertex = gcloud.pool.submit(follow, gcloud, "ai", "custom-jobs", "stream-logs", job)
    ml_engine = gcloud.pool.submit(follow, gcloud, "ml-engine", "jobs", "stream-logs", "stamps")
    for stream in (vertex, ml_engine):
        seen = stream.result()
        stamped = [(line.rpartition("\t")[2].split(), at) for line, at in seen if "\tline " in line]
        assert [int(words[1]) for words, _ in stamped] == list(range(LINES))
        begun = stamped[0][1]  # what was there before is shown at once
        late = sorted(at - float(words[2]) for words, at in stamped if float(words[2]) > begun)
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


def _elsewhere(environ: dict[str, str], url: str) -> dict[str, str]:
    here = environ["STORAGE_EMULATOR_HOST"]
    return {name: value.replace(here, url) for name, value in environ.items()}


def test_a_job_that_is_silent_for_long_is_followed_to_its_end(impatient: Gcloud) -> None:
    source = "import time; print('begin', flush=True); time.sleep(8); print('end')"
    job = impatient.custom_job("silent", source)
    impatient.ml_job("silent", source)
    vertex = impatient.meanwhile("ai", "custom-jobs", "stream-logs", job, "--polling-interval", "1")
    ml_engine = impatient.meanwhile("ml-engine", "jobs", "stream-logs", "silent", "--polling-interval", "1")
    for stream in (vertex, ml_engine):
        shown = messages(stream.result().out)
        assert [line for line in shown if line in ("begin", "end")] == ["begin", "end"]
        assert "The job is still active." in shown
        assert shown[-1] == "Job completed successfully."
