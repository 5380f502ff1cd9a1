"""Arrays on a real Grid Engine: elements that begin again alone, have several replicas, are in error, and too many."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from submit.errors import ErrorKind, ServiceError
from submit.job import Cause, State
from submit.testing.conformance import element, messages
from submit.testing.site import Site
from tests.clusters import gridengine
from tests.clusters.configs import pools, section
from tests.clusters.daemons import wait_until
from tests.clusters.sites import number_of
from tests.clusters.trainers import BRIEF, MEETS_ITS_OWN, SLEEPS

pytestmark = pytest.mark.skipif(bool(gridengine.missing()), reason=gridengine.missing())

AGAIN = """
import os, time
again = os.path.exists("begun")
open("begun", "w").close()
print("run", int(again), flush=True)
print("awake", flush=True)
time.sleep(600 if os.environ["CLOUD_ML_TRIAL_ID"] == "1" and not again else 0)
"""
"""the first element sleeps until it is started again, the others end at once"""


def config(array: str, *directives: str, replicas: int = 1) -> str:
    return pools(replicas) + section("gridengine", array=array, cpus=1, directives=directives)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[gridengine.GridEngine]:
    with gridengine.running(tmp_path_factory.mktemp("gridengine")) as cluster:
        yield cluster


@pytest.mark.slow
def test_an_element_that_is_started_again_is_counted_alone(site: Site, cluster: gridengine.GridEngine) -> None:
    handle = site.submit(AGAIN, config=config("3"))
    first = element(handle, 1)
    site.awaken(first)
    # while the host still clears up after others it may forget to end the one that is to begin again
    wait_until(lambda: cluster.run("qstat", "-xml").count("<tasks>") == 1, "the end of the others")
    cluster.run("qmod", "-rj", f"{number_of(cluster, handle)}.1")
    assert site.end(handle).state is State.SUCCEEDED
    assert [replica.restarts for replica in site.status(first).replicas] == [1]
    assert messages(site.log(first), "run ") == ["run 0", "run 1"]
    assert [replica.restarts for replica in site.status(element(handle, 2)).replicas] == [0]


def test_each_element_has_its_own_replicas(site: Site) -> None:
    handle = site.submit(MEETS_ITS_OWN, config=config("3", replicas=2))
    entries = site.log(handle)
    assert site.status(handle).state is State.SUCCEEDED
    met = {entry.trial: entry.message for entry in entries if entry.message.startswith("met ")}
    assert met == {"1": "met 1", "2": "met 2", "3": "met 3"}


def test_elements_that_wait_are_cancelled_alone_and_remembered(site: Site, cluster: gridengine.GridEngine) -> None:
    """Grid Engine's accounting never hears of them."""
    handle = site.submit(SLEEPS, config=config("3%1", "-h"))
    site.cancel(element(handle, 2))
    assert site.end(element(handle, 2)).state is State.CANCELLED
    assert site.status(element(handle, 3)).state is State.QUEUED
    cluster.run("qrls", handle.path)
    site.awaken(element(handle, 1))
    site.cancel(handle)
    assert site.end(handle).message == "3 elements: 3 cancelled."


def test_elements_in_error_have_failed_and_say_why(site: Site) -> None:
    handle = site.submit(BRIEF, config=config("3", "-wd /no/such/folder"))
    status = site.end(handle)
    assert (status.state, status.cause) == (State.FAILED, Cause.ENVIRONMENT)
    assert "3 failed (1-3). Number 1: The scheduler says Eqw (can't chdir to /no/such/folder" in status.message
    site.cancel(handle)


def test_more_elements_than_the_site_takes_are_refused_with_what_to_do(site: Site) -> None:
    before = site.listed()
    with pytest.raises(ServiceError, match="more than 75000 tasks") as caught:
        site.submit(BRIEF, config=config("75001"))
    assert caught.value.kind is ErrorKind.INVALID
    assert "max_aj_tasks" in caught.value.problems[0].hint
    assert site.listed() == before
