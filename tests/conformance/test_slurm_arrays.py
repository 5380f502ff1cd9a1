"""Arrays on a real Slurm cluster: elements that begin again alone, have several replicas, wait, and are forgotten."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from submit.errors import ErrorKind, ServiceError
from submit.job import Handle, State
from submit.testing.conformance import element, messages
from submit.testing.site import Site
from tests.clusters import slurm
from tests.clusters.configs import pools, section
from tests.clusters.daemons import wait_until
from tests.clusters.sites import number_of, records, until
from tests.clusters.trainers import BRIEF, MEETS_ITS_OWN, SLEEPS

pytestmark = pytest.mark.skipif(bool(slurm.missing()), reason=slurm.missing())

AGAIN = """
import os, time
again = int(os.environ.get("SLURM_RESTART_COUNT", "0"))
print("run", again, flush=True)
print("awake", flush=True)
time.sleep(600 if os.environ["CLOUD_ML_TRIAL_ID"] == "1" and not again else 0)
"""
"""the first element sleeps until it is started again, the others end at once"""
BUSY = """
import time
print("from", time.time(), flush=True)
time.sleep(1)
print("to", time.time(), flush=True)
"""
PREEMPTED = """
import os, time
print("awake", flush=True)
time.sleep(0 if "SLURM_RESTART_COUNT" in os.environ else 600)
"""
"""sleeps, and ends at once when it is started again"""
MEASURE = """
import json, os, sys
x = int(sys.argv[sys.argv.index("--x") + 1])
with open(os.environ["CLOUD_ML_HP_METRIC_FILE"], "w") as file:
    for value in (99.0, (x - 3) ** 2) if x < 4 else ():
        print(json.dumps({os.environ["CLOUD_ML_HP_METRIC_TAG"]: str(value)}), file=file)
sys.exit(5 if x == 3 else 0)
"""
"""the third fails, the fourth reports nothing"""
GRID = """
trainingInput:
  scaleTier: BASIC
  hyperparameters:
    goal: MINIMIZE
    hyperparameterMetricTag: loss
    maxTrials: 10
    maxParallelTrials: 2
    algorithm: GRID_SEARCH
    params: [{parameterName: x, type: INTEGER, minValue: 1, maxValue: 4}]
submit: {slurm: {cpus: 1, memory: 100MiB}}
"""


def config(array: str, replicas: int = 1) -> str:
    return pools(replicas) + section("slurm", array=array, cpus=1, memory="100MiB")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[slurm.Slurm]:
    """It forgets jobs after two seconds."""
    with slurm.running(tmp_path_factory.mktemp("slurm"), remembers_s=2) as cluster:
        yield cluster


@pytest.mark.slow
def test_an_element_that_is_put_back_runs_again_alone(site: Site, cluster: slurm.Slurm) -> None:
    handle = site.submit(AGAIN, config=config("3"))
    first = element(handle, 1)
    site.awaken(first)
    assert site.end(element(handle, 2)).state is State.SUCCEEDED
    number = cluster.run("squeue", "-h", "-j", f"{number_of(cluster, handle)}_1", "-o", "%A").strip()
    cluster.run("scontrol", "requeue", number)
    until(site, first, State.QUEUED)
    assert site.status(handle).state is State.RUNNING
    cluster.start_again(number)
    assert site.end(handle).state is State.SUCCEEDED
    assert [replica.restarts for replica in site.status(first).replicas] == [1]
    assert messages(site.log(first), "run ") == ["run 0", "run 1"]
    assert messages(site.log(element(handle, 3)), "run ") == ["run 0"]


@pytest.mark.slow
def test_what_is_left_of_a_lost_element_ends_when_its_successor_runs(site: Site, cluster: slurm.Slurm) -> None:
    """It must not be taken for an orphan of the other elements, nor they for its successors."""
    handle = site.submit(AGAIN, config=config("2"))
    first = element(handle, 1)
    site.awaken(first)
    number = f"{number_of(cluster, handle)}_1"
    node = cluster.run("squeue", "-h", "-j", number, "-o", "%N").strip()
    cluster.kill_node(node)
    try:
        until(site, first, State.QUEUED)
        orphan = "1.workerpool0-0.0"
        assert records(site, handle)[orphan]["state"] == "RUNNING"
        cluster.start_now(number)
        assert site.end(handle).state is State.SUCCEEDED
        wait_until(lambda: records(site, handle)[orphan].get("why") == "superseded", "the orphan's end")
    finally:
        cluster.start_node(node)


@pytest.mark.slow
def test_an_element_that_is_preempted_comes_back_while_the_others_run_on(site: Site, cluster: slurm.Slurm) -> None:
    """Each has a node of its own; an urgent job needs one."""
    whole = {"cpus": 16, "memory": "1GiB"}
    handle = site.submit(PREEMPTED, config=section("slurm", array=4, **whole))
    elements = [element(handle, number) for number in range(1, 5)]
    for each in elements:
        site.awaken(each)
    urgent = site.submit(BRIEF, config=section("slurm", partition="urgent", **whole))
    assert site.end(urgent).state is State.SUCCEEDED
    wait_until(lambda: _in(site, elements, State.QUEUED) != [], "the victim's return to the queue")
    (victim,) = _in(site, elements, State.QUEUED)
    number = victim.path.rpartition(".")[2]
    cluster.start_again(cluster.run("squeue", "-h", "-j", f"{number_of(cluster, handle)}_{number}", "-o", "%A").strip())
    status = site.end(victim)
    assert (status.state, [replica.restarts for replica in status.replicas]) == (State.SUCCEEDED, [1])
    assert len(_in(site, elements, State.RUNNING)) == 3
    site.cancel(handle)
    assert site.end(handle).message == "4 elements: 3 cancelled, 1 succeeded."


def _in(site: Site, elements: list[Handle], state: State) -> list[Handle]:
    return [handle for handle, status in site.describe(elements).items() if status.state is state]


def test_trials_of_a_study_are_compared_and_those_without_a_result_have_failed(site: Site) -> None:
    handle = site.submit(MEASURE, config=GRID)
    status = site.end(handle)
    assert status.state is State.SUCCEEDED
    assert status.message.startswith("4 trials: 2 failed (3-4), 2 succeeded. Number 3: The replica")
    assert [(t["id"], t["state"], t["parameters"], t["metrics"]) for t in status.trials] == [
        ("2", "SUCCEEDED", {"x": "2"}, {"loss": 1.0}),
        ("1", "SUCCEEDED", {"x": "1"}, {"loss": 4.0}),
        ("3", "INFEASIBLE", {"x": "3"}, {"loss": 0.0}),
        ("4", "INFEASIBLE", {"x": "4"}, {}),
    ]
    alone = site.status(element(handle, 4))
    assert (alone.state, alone.message) == (State.FAILED, "The trainer reported no value of `loss`.")
    assert alone.trials[0]["parameters"] == {"x": "4"}


def test_each_element_has_its_own_replicas(site: Site) -> None:
    handle = site.submit(MEETS_ITS_OWN, config=config("3", replicas=2))
    entries = site.log(handle)
    assert site.status(handle).state is State.SUCCEEDED
    met = {entry.trial: entry.message for entry in entries if entry.message.startswith("met ")}
    assert met == {"1": "met 1", "2": "met 2", "3": "met 3"}
    assert [replica.name for replica in site.status(element(handle, 2)).replicas] == ["workerpool0-0", "workerpool1-0"]


@pytest.mark.slow
def test_no_more_run_at_a_time_than_was_said_and_each_is_known_when_slurm_has_forgotten_it(
    site: Site, cluster: slurm.Slurm
) -> None:
    handle = site.submit(BUSY, config=config("5%2"))
    entries = site.log(handle)
    moments = [(float(text.split()[1]), 1) for text in messages(entries, "from ")]
    moments += [(float(text.split()[1]), -1) for text in messages(entries, "to ")]
    assert len(moments) == 10
    running = [sum(step for _, step in sorted(moments)[:count]) for count in range(1, 11)]
    assert max(running) <= 2
    cluster.await_forgetting(handle.path)
    assert site.status(handle).message == "5 elements: 5 succeeded."
    assert site.status(element(handle, 5)).state is State.SUCCEEDED


@pytest.mark.slow
def test_an_element_that_waits_is_cancelled_alone_and_remembered(site: Site, cluster: slurm.Slurm) -> None:
    handle = site.submit(SLEEPS, config=config("3%1"))
    site.awaken(element(handle, 1))
    site.cancel(element(handle, 3))
    assert site.end(element(handle, 3)).state is State.CANCELLED
    site.cancel(element(handle, 1))
    site.awaken(element(handle, 2))
    site.cancel(element(handle, 2))
    assert site.end(handle).state is State.CANCELLED
    cluster.await_forgetting(handle.path)
    assert site.status(handle).message == "3 elements: 3 cancelled."
    site.delete(handle)
    assert handle not in site.listed()


def test_more_elements_than_the_site_takes_are_refused_with_what_to_do(site: Site) -> None:
    before = site.listed()
    with pytest.raises(ServiceError, match="Invalid job array") as caught:
        site.submit(BRIEF, config=config("20002"))
    assert caught.value.kind is ErrorKind.INVALID
    assert "MaxArraySize" in caught.value.problems[0].hint
    assert site.listed() == before


@pytest.mark.slow
def test_an_element_was_made_of_what_its_array_was(site: Site) -> None:
    size = ("--set", "submit.slurm.array=2", "--set", "submit.slurm.cpus=1", "--set", "submit.slurm.memory=100MiB")
    handle = site.submit_by_command("--async", *size, source=BRIEF).strip()
    site.command("jobs", "wait", handle)
    described = json.loads(site.command("jobs", "describe", handle, f"{handle}.2", "--provenance", "--format", "json"))
    whole, second = (each["provenance"] for each in described)
    assert second["job"] == whole["job"]
    assert "trainer==0.0.0" in second["installed"]["packages"]

    with pytest.raises(AssertionError, match=f"submit jobs rerun {handle}`"):
        site.command("jobs", "rerun", f"{handle}.2")
