"""Where a site has accounting, it tells what the queue has forgotten and no record says."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from submit.errors import ErrorKind, ServiceError
from submit.job import Cause, Handle, State
from submit.testing.conformance import Conformance
from submit.testing.site import Site
from tests.clusters import accounting, slurm
from tests.clusters.configs import pools, section
from tests.clusters.daemons import wait_until
from tests.clusters.trainers import BRIEF, SLEEPS

_MISSING = slurm.missing() or accounting.missing()
pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(_MISSING), reason=_MISSING)]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[slurm.Slurm]:
    with slurm.running(tmp_path_factory.mktemp("slurm"), remembers_s=2, accounts=True) as cluster:
        yield cluster


class TestSlurmWithAccounting(Conformance):
    """The whole of it, where the queue forgets a job two seconds after its end."""


def accounted(cluster: slurm.Slurm, handle: Handle) -> str:
    return cluster.run("sacct", "-X", "-n", "-P", f"--name={handle.path}", "-E", "now+1day", "-o", "State,ExitCode")


@pytest.mark.parametrize("pending", [True, False])
def test_what_an_administrator_has_cancelled_is_known_when_the_queue_has_forgotten_it(
    site: Site, cluster: slurm.Slurm, pending: bool
) -> None:
    later = ["--begin=now+1hour"] if pending else []
    handle = site.submit(SLEEPS, config=pools() + section("slurm", directives=later))
    if not pending:
        site.awaken(handle)
    cluster.run("scancel", f"--name={handle.path}")
    cluster.await_forgetting(handle.path)
    wait_until(lambda: site.status(handle).state.ended, "the news")
    assert re.fullmatch(r"CANCELLED by \d+\|0:0\n", accounted(cluster, handle)), "the trap"
    status = site.status(handle)
    assert (status.state, status.cause) == (State.CANCELLED, Cause.CANCELLED)


def test_a_time_limit_is_a_time_out_though_its_exit_code_is_zero(site: Site, cluster: slurm.Slurm) -> None:
    handle = site.submit(SLEEPS)
    site.awaken(handle)
    cluster.run("scontrol", "update", f"jobname={handle.path}", "EndTime=now")
    cluster.await_forgetting(handle.path)
    status = site.end(handle)
    assert accounted(cluster, handle) == "TIMEOUT|0:0\n", "the trap"
    assert (status.state, status.cause) == (State.FAILED, Cause.TIMEOUT)


def test_a_lost_node_is_known_when_the_queue_has_forgotten_its_job(site: Site, cluster: slurm.Slurm) -> None:
    handle = site.submit(SLEEPS, config=pools() + section("slurm", directives=["--no-requeue"]))
    site.awaken(handle)
    node = cluster.node(handle.path)
    cluster.kill_node(node)
    try:
        cluster.await_forgetting(handle.path)
        status = site.end(handle)
        assert (status.state, status.cause) == (State.FAILED, Cause.LOST)
        assert "NODE_FAIL" in status.message
    finally:
        cluster.start_node(node)


def test_an_account_that_is_not_there_is_refused_at_once_and_leaves_nothing(site: Site) -> None:
    """Without accounting nobody would look at it."""
    before = site.listed()
    with pytest.raises(ServiceError, match="Invalid account") as caught:
        site.submit(BRIEF, config=pools() + section("slurm", account="nobody"))
    assert caught.value.kind is ErrorKind.INVALID
    assert site.listed() == before


def test_elements_that_have_never_begun_are_known_when_the_queue_has_forgotten_them(
    site: Site, cluster: slurm.Slurm
) -> None:
    """Accounting takes an array that was cancelled at once for a single job."""
    said = section("slurm", array="9%2", directives=["--begin=now+1hour"])
    handle = site.submit(BRIEF, config=pools() + said)
    cluster.run("scancel", f"--name={handle.path}")
    cluster.await_forgetting(handle.path)
    status = site.end(handle)
    assert (status.state, status.message) == (State.CANCELLED, "9 elements: 9 cancelled.")
