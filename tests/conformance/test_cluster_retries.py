"""Jobs on real clusters begin again as the config says, and as on this machine."""

from __future__ import annotations

import json

import pytest

from submit.job import Cause, Handle, State, Status
from submit.testing.conformance import element, messages
from submit.testing.site import Site
from tests.clusters import slurm
from tests.clusters.configs import pools
from tests.clusters.daemons import wait_until
from tests.clusters.sites import Cluster, folder_of, number_of, until
from tests.clusters.trainers import COUNTS, MEETS, SLEEPS

FIRST_TIME = """
import time
rank = os.environ["RANK"]
while rank == "2" and not all(os.path.exists(os.path.join(job_dir, "runs-" + other)) for other in "01"):
    time.sleep(0.05)
if code or rank == "1" and runs == 0:
    sys.exit(code)
if rank == "0" and runs == 0:
    time.sleep(600)
"""


def counting(**codes: list[int]) -> str:
    """`rank0=[137, 137]`: the exit codes of its first runs."""
    return COUNTS.replace("{codes}", repr({rank.removeprefix("rank"): given for rank, given in codes.items()}))


def codes(*codes: int) -> dict[str, object]:
    return {"exit_codes": codes}


def config(site: Site, *on: object, retries: int = 3, backoff: str = "0s", replicas: int = 1, **options: object) -> str:
    """Three times after exit code 137, if nothing else is said."""
    said = {"retries": retries, "retry_on": on or [codes(137)], "backoff": backoff}
    return f"{pools(replicas)}submit: {json.dumps({**said, site.target.backend: {'cpus': 1, **options}})}\n"


def restarts(status: Status) -> set[int]:
    return {replica.restarts for replica in status.replicas}


def test_a_trainer_that_ends_with_a_code_that_is_named_begins_again_from_its_job_dir(site: Site) -> None:
    handle = site.submit(counting(rank0=[137, 137]), config=config(site))
    status = site.end(handle)
    assert (status.state, status.exit_code, restarts(status)) == (State.SUCCEEDED, 0, {2})
    log = site.log(handle)
    assert messages(log, "run ") == ["run 1", "run 2", "run 3"]
    assert messages(log, "The job ended by") == [
        f"The job ended by exit code 137 and is started again in 0 s ({number} of 3)." for number in (1, 2)
    ]


def test_when_the_limit_is_used_up_the_last_code_is_that_of_the_job(site: Site) -> None:
    status = site.end(site.submit(counting(rank0=[137, 143, 137]), config=config(site, codes(137, 143), retries=1)))
    assert (status.state, status.cause, status.exit_code) == (State.FAILED, Cause.EXIT_CODE, 143)
    assert restarts(status) == {1}


def test_another_code_is_the_end(site: Site) -> None:
    status = site.end(site.submit(counting(rank0=[3]), config=config(site)))
    assert (status.state, status.exit_code, restarts(status)) == (State.FAILED, 3, {0})


@pytest.mark.parametrize("source", ["import not_there", "import argparse; argparse.ArgumentParser().parse_args(['a'])"])
def test_what_cannot_do_better_does_not_begin_again(site: Site, source: str) -> None:
    """Without a module or with wrong arguments."""
    status = site.end(site.submit(source, config=config(site, codes(1, 2))))
    assert (status.state, restarts(status)) == (State.FAILED, {0})
    assert status.exit_code in (1, 2)


def test_all_replicas_begin_again_when_one_does_and_find_each_other_anew(site: Site) -> None:
    """The first that runs, the second that is done already, and the third, which fails when both have begun."""
    source = counting(rank2=[137]).replace("sys.exit(", "code = (") + FIRST_TIME + MEETS
    handle = site.submit(source, config=config(site, replicas=3))
    status = site.end(handle)
    assert (status.state, restarts(status)) == (State.SUCCEEDED, {1})
    log = site.log(handle)
    assert messages(log, "met ") == ["met 1 2 of 3"]
    assert sorted(messages(log, "run ")) == ["run 1"] * 3 + ["run 2"] * 3


def test_while_it_pauses_it_is_not_over_says_why_and_can_be_cancelled(site: Site) -> None:
    handle = site.submit(counting(rank0=[137]), config=config(site, backoff="600s"))
    wait_until(lambda: "is started again in 600 s (1 of 3)" in site.status(handle).message, "the pause")
    assert site.status(handle).state is State.PREPARING
    site.cancel(handle)
    status = site.end(handle)
    assert (status.state, status.cause) == (State.CANCELLED, Cause.CANCELLED)


def test_a_job_that_is_cancelled_while_it_runs_does_not_begin_again(site: Site) -> None:
    handle = site.submit(SLEEPS, config=config(site, codes(143, 137)))
    site.awaken(handle)
    site.cancel(handle)
    assert site.end(handle).state is State.CANCELLED
    assert folders(site, handle) == {"fence.0"}


def folders(site: Site, handle: Handle) -> set[str]:
    found = folder_of(site, handle).iterdir()
    return {path.name for path in found if path.name.startswith(("fence.", "verdict."))}


def put_back(site: Site, cluster: slurm.Slurm, handle: Handle) -> None:
    """As Slurm does with a job that is preempted."""
    number = number_of(cluster, handle)
    cluster.run("scontrol", "requeue", number)
    wait_until(lambda: "BeginTime" in site.status(handle).message, "the job's return to the queue")
    cluster.start_again(number)


def has_begun(site: Site, handle: Handle, times: int) -> None:
    wait_until(lambda: f"run {times}" in messages(site.page(handle, "", 0).entries, "run "), f"run {times}")


@pytest.mark.slow
def test_what_the_scheduler_starts_again_counts_as_well(site: Site, cluster: Cluster) -> None:
    """It would do so for ever."""
    if not isinstance(cluster, slurm.Slurm):
        pytest.skip("Grid Engine may lose an order to start a job again that has just begun")
    source = counting(rank0=[137]).replace("sys.exit", "__import__('time').sleep(600 if runs else 0)\nsys.exit")
    handle = site.submit(source, config=config(site, "preempted", "node_lost", codes(137), retries=2))
    has_begun(site, handle, 2)
    put_back(site, cluster, handle)
    has_begun(site, handle, 3)
    assert restarts(site.status(handle)) == {2}
    put_back(site, cluster, handle)
    status = site.end(handle)
    assert (status.state, restarts(status)) == (State.FAILED, {2})
    assert status.cause in (Cause.PREEMPTED, Cause.LOST)
    assert "2 times before, as often as `retries` allows" in status.message


@pytest.mark.slow
def test_a_lost_node_is_no_preemption(site: Site, cluster: Cluster) -> None:
    if not isinstance(cluster, slurm.Slurm):
        pytest.skip("Grid Engine does not tell them apart, and such a job is refused")
    handle = site.submit(SLEEPS, config=config(site, "preempted"))
    site.awaken(handle)
    number, node = number_of(cluster, handle), cluster.node(handle.path)
    cluster.kill_node(node)
    try:
        until(site, handle, State.QUEUED)
        cluster.start_now(number)
        status = site.end(handle)
    finally:
        cluster.start_node(node)
    assert (status.state, status.cause, restarts(status)) == (State.FAILED, Cause.LOST, {0})
    assert "The node of the job was lost, which `retry_on` does not name." in status.message


def test_an_element_of_an_array_begins_again_alone(site: Site) -> None:
    source = "import os\nos.environ['RANK'] = os.environ['CLOUD_ML_TRIAL_ID']\n" + counting(rank2=[137, 137])
    handle = site.submit(source, config=config(site, array=3))
    assert site.end(handle).state is State.SUCCEEDED
    runs = [restarts(site.status(element(handle, number))) for number in (1, 2, 3)]
    assert runs == [{0}, {2}, {0}]
    assert messages(site.log(element(handle, 2)), "run ") == ["run 1", "run 2", "run 3"]
