"""The environments of trainers on a real Slurm cluster: made once, or taken from the site."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from submit.job import State
from submit.testing.conformance import messages
from submit.testing.site import Site
from tests.clusters import slurm
from tests.clusters.sites import site_of

pytestmark = pytest.mark.skipif(bool(slurm.missing()), reason=slurm.missing())

TASKS = 32
HELD = (
    "workerPoolSpecs: [{machineSpec: {machineType: n1-standard-4}}]\nsubmit: {slurm: {cpus: 1, directives: [--hold]}}"
)
WHERE = "import sys; print('in', sys.prefix, flush=True)"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[slurm.Slurm]:
    with slurm.running(tmp_path_factory.mktemp("slurm")) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, environ: dict[str, str], cluster: slurm.Slurm) -> Site:
    return site_of("slurm", tmp_path_factory.mktemp("site"), {**environ, **cluster.environ})


@pytest.mark.slow
def test_many_tasks_that_begin_at_once_make_one_environment(site: Site, cluster: slurm.Slurm) -> None:
    prepared = [site.prepared(WHERE, config=HELD) for _ in range(TASKS)]
    with ThreadPoolExecutor(4) as pool:
        handles = list(pool.map(site.create, prepared))
    cluster.run("scontrol", "release", ",".join(cluster.run("squeue", "-h", "-o", "%i").split()))
    ends = [site.end(handle).state for handle in handles]
    logs = [site.log(handle) for handle in handles]
    assert ends == [State.SUCCEEDED] * TASKS
    assert len({text for log in logs for text in messages(log, "in ")}) == 1
    assert len([text for log in logs for text in messages(log, "Installing the package")]) == 1
    cache = Path(site.around.environ["HOME"]) / ".jobdir" / "cache"
    assert [len([made for made in folder.iterdir() if made.is_dir()]) for folder in cache.iterdir()] == [1, 1]
