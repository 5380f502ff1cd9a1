"""Where a site has accounting, it tells what the queue has forgotten and no record says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from submit.job import Cause, State
from submit.testing.site import Site
from tests.clusters import accounting, slurm
from tests.clusters.daemons import wait_until
from tests.clusters.sites import site_of

_MISSING = slurm.missing() or accounting.missing()
pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(_MISSING), reason=_MISSING)]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[slurm.Slurm]:
    with slurm.running(tmp_path_factory.mktemp("slurm"), remembers_s=2, accounts=True) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, environ: dict[str, str], cluster: slurm.Slurm) -> Site:
    return site_of("slurm", tmp_path_factory.mktemp("site"), {**environ, **cluster.environ})


@pytest.mark.parametrize("pending", [True, False])
def test_what_an_administrator_has_cancelled_is_known_when_the_queue_has_forgotten_it(
    site: Site, cluster: slurm.Slurm, pending: bool
) -> None:
    """Accounting says `CANCELLED by 0`, with the exit code 0:0."""
    begin = "submit: {slurm: {directives: [--begin=now+1hour]}}" if pending else ""
    machine = "workerPoolSpecs: [{machineSpec: {machineType: n1-standard-4}}]\n"
    handle = site.submit("import time; print('awake', flush=True); time.sleep(600)", config=machine + begin)
    if not pending:
        site.awaken(handle)
    cluster.run("scancel", f"--name={handle.path}")
    wait_until(
        lambda: not cluster.run("squeue", "-h", "-t", "all", f"--name={handle.path}"), "the controller's forgetting"
    )
    wait_until(lambda: site.status(handle).state.ended, "the news")
    status = site.status(handle)
    assert (status.state, status.cause) == (State.CANCELLED, Cause.CANCELLED)
