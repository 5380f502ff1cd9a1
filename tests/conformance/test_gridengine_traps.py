"""What Grid Engine does that is not what one thinks, each on a real cluster."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from submit.errors import ErrorKind, ServiceError
from submit.job import Cause, State
from submit.testing.conformance import messages
from submit.testing.site import Site
from tests.clusters import gridengine
from tests.clusters.configs import MACHINE, pools, section
from tests.clusters.daemons import wait_until
from tests.clusters.sites import folder_of, number_of, records, until
from tests.clusters.trainers import BRIEF, MEETS, REACHES, RESUMES, SLEEPS

pytestmark = pytest.mark.skipif(bool(gridengine.missing()), reason=gridengine.missing())

GPUS = """
import os, time
print("gpus", os.environ["CUDA_VISIBLE_DEVICES"], flush=True)
print("awake", flush=True)
time.sleep(600)
"""
TWO_GPUS = "{machineType: n1-standard-8, acceleratorType: NVIDIA_TESLA_T4, acceleratorCount: 2}"


def config(*directives: str, machine: str = MACHINE, replicas: int = 1, **more: object) -> str:
    return pools(replicas, machine) + section("gridengine", cpus=1, directives=directives, **more)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[gridengine.GridEngine]:
    with gridengine.running(tmp_path_factory.mktemp("gridengine")) as cluster:
        yield cluster


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (config("-l gpu=99"), "no suitable queues"),
        (config(replicas=gridengine.SLOTS + 1), "no suitable queues"),
        (config(mpi="nowhere", replicas=2), "parallel environment"),
        (config(queue="nowhere"), "unknown queue"),
    ],
)
def test_what_no_host_can_run_is_refused_at_once_and_leaves_nothing(site: Site, said: str, words: str) -> None:
    """Grid Engine would let the first two of them wait for ever."""
    before = site.listed()
    with pytest.raises(ServiceError, match=words) as caught:
        site.submit(BRIEF, config=said)
    assert caught.value.kind is ErrorKind.INVALID
    assert site.listed() == before


@pytest.mark.parametrize(
    ("directive", "words"),
    [
        ("-wd /no/such/folder", "can't chdir to /no/such/folder"),
        ("-o /no/such/folder/log", "can't open output file"),
    ],
)
def test_a_job_in_error_has_failed_and_says_why_and_what_to_do(
    site: Site, cluster: gridengine.GridEngine, directive: str, words: str
) -> None:
    """It stays in the queue for ever, and only one of Grid Engine's commands says why."""
    handle = site.submit(BRIEF, config=config(directive))
    status = site.end(handle)
    assert (status.state, status.cause) == (State.FAILED, Cause.ENVIRONMENT)
    assert words in status.message
    assert f"`qdel {number_of(cluster, handle)}`" in status.message
    site.cancel(handle)


def test_a_job_that_is_cancelled_while_it_waits_is_in_no_accounting_but_known(
    site: Site, cluster: gridengine.GridEngine
) -> None:
    handle = site.submit(BRIEF, config=config("-h"))
    assert site.status(handle).state is State.QUEUED
    site.cancel(handle)
    status = site.end(handle)
    assert (status.state, status.cause) == (State.CANCELLED, Cause.CANCELLED)
    assert cluster.daemons.attempt("qacct", "-j", handle.path).returncode


def test_a_job_that_others_delete_while_it_waits_is_known_as_one_that_never_ran(
    site: Site, cluster: gridengine.GridEngine
) -> None:
    """Nobody can know more: no accounting has it. While it could still be on its way to the queue, that is said."""
    handle = site.submit(BRIEF, config=config("-h"))
    assert site.status(handle).state is State.QUEUED
    cluster.run("qdel", handle.path)
    wait_until(lambda: "being submitted" in site.status(handle).message, "the deletion")
    job = folder_of(site, handle) / "job.json"
    os.utime(job, (0, job.stat().st_mtime - 3600))
    status = site.status(handle)
    assert (status.state, status.cause) == (State.FAILED, Cause.LOST)
    assert "it has never run" in status.message


@pytest.mark.parametrize("code", [99, 100])
def test_exit_codes_that_grid_engine_takes_for_orders_are_the_trainers_own(site: Site, code: int) -> None:
    """99 would start the job again, 100 hold it in error."""
    status = site.end(site.submit(f"raise SystemExit({code})"))
    assert (status.state, status.exit_code) == (State.FAILED, code)


def test_a_trainer_that_crashes_says_by_which_signal(site: Site) -> None:
    status = site.end(site.submit("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"))
    assert (status.state, status.cause, status.exit_code) == (State.FAILED, Cause.SIGNAL, 139)


def test_a_time_limit_of_grid_engine_is_a_time_out(site: Site, cluster: gridengine.GridEngine) -> None:
    """To the trainer it is a signal like any other; only accounting knows."""
    handle = site.submit(SLEEPS, config=config("-l h_rt=5"))
    status = site.end(handle)
    assert (status.state, status.cause) == (State.FAILED, Cause.TIMEOUT)
    assert "failed       37" in cluster.run("qacct", "-j", handle.path)


@pytest.mark.slow
def test_a_job_that_is_started_again_is_counted_and_goes_on_from_its_job_dir(
    site: Site, cluster: gridengine.GridEngine
) -> None:
    """Grid Engine only says that it is not the first time."""
    handle = site.submit(RESUMES, config=config())
    site.awaken(handle)
    cluster.run("qmod", "-rj", number_of(cluster, handle))
    status = site.end(handle)
    assert status.state is State.SUCCEEDED
    assert [replica.restarts for replica in status.replicas] == [1]
    assert messages(site.log(handle), "from ") == ["from step 0", "from step 3"]


@pytest.fixture
def hasty(cluster: gridengine.GridEngine) -> Iterator[None]:
    """Hosts are taken for lost after a short silence, and their jobs are put back into the queue; where a site does not
    say so, they stay with the host until it is back."""
    cluster.change({"max_unheard": "00:00:10", "reschedule_unknown": "00:00:10"})
    yield
    cluster.change({"max_unheard": "00:00:30", "reschedule_unknown": "00:00:00"})


@pytest.fixture
def late(cluster: gridengine.GridEngine) -> Iterator[None]:
    """Accounting is written as seldom as where a site says nothing about it."""
    cluster.change({"reporting_params": gridengine.REPORTING.format("00:00:15")})
    yield
    cluster.change({"reporting_params": gridengine.REPORTING.format("00:00:00")})


@pytest.mark.slow
@pytest.mark.usefixtures("late")
def test_why_a_job_was_told_to_end_is_known_when_accounting_is(site: Site) -> None:
    """In between neither the queue nor accounting knows the job."""
    handle = site.submit(SLEEPS, config=config("-l h_rt=0:0:5"))
    status = site.end(handle)
    assert (status.state, status.cause) == (State.FAILED, Cause.TIMEOUT)


@pytest.mark.slow
@pytest.mark.usefixtures("hasty")
def test_jobs_of_a_lost_host_are_started_again_or_are_lost_as_they_have_asked(
    site: Site, cluster: gridengine.GridEngine
) -> None:
    """What the host ran still runs: two trainers would write into one job dir. Of a job that is not started again Grid
    Engine says `before writing exit_status`, when the host is back."""
    again, once = site.submit(RESUMES, config=config()), site.submit(SLEEPS, config=config("-r n"))
    for handle in (again, once):
        site.awaken(handle)
    cluster.lose_host()
    try:
        assert site.status(again).state is State.RUNNING, "nobody knows yet"
        assert "not available" in until(site, again, State.QUEUED).message
        assert records(site, again)["workerpool0-0.0"]["state"] == "RUNNING", "the orphan"
    finally:
        cluster.start_host()
    status = site.end(again)
    assert status.state is State.SUCCEEDED
    assert [replica.restarts for replica in status.replicas] == [1]
    wait_until(lambda: records(site, again)["workerpool0-0.0"]["state"] == "ENDED", "the orphan's end")
    assert records(site, again)["workerpool0-0.0"]["why"] == "superseded"
    assert messages(site.log(again), "from ") == ["from step 0", "from step 3"]
    status = site.end(once)
    assert (status.state, status.cause) == (State.FAILED, Cause.LOST)
    assert "before writing exit_status" in status.message


def test_a_job_that_others_delete_leaves_its_record(site: Site, cluster: gridengine.GridEngine) -> None:
    """`qdel` is SIGKILL at once, unless the job asked to be told before."""
    handle = site.submit(SLEEPS, config=config())
    site.awaken(handle)
    cluster.run("qdel", handle.path)
    status = site.end(handle)
    assert status.state is State.FAILED
    assert status.replicas[0].state is State.FAILED
    assert status.cause is Cause.SIGNAL


@pytest.mark.slow
def test_the_scheduler_may_be_away(site: Site, cluster: gridengine.GridEngine) -> None:
    handle = site.submit(SLEEPS, config=config())
    site.awaken(handle)
    cluster.stop_master()
    status = site.status(handle)
    assert status.state is State.RUNNING
    assert "the scheduler is away: `qstat`: " in status.message
    with pytest.raises(ServiceError, match="qdel"):
        site.cancel(handle)
    assert site.status(handle).state is State.RUNNING, "as what was not done"
    with pytest.raises(ServiceError) as caught:
        site.submit(BRIEF, config=config())
    assert caught.value.kind is ErrorKind.TRANSIENT
    cluster.start_master()
    assert until(site, handle, State.RUNNING).message == ""
    site.cancel(handle)
    assert site.end(handle).state is State.CANCELLED


@pytest.mark.slow
def test_gpus_are_handed_out_where_the_cluster_only_counts_them(site: Site) -> None:
    said = config(machine=TWO_GPUS, gpus_per_host=gridengine.GPUS)
    handles = [site.submit(GPUS, config=said) for _ in range(2)]
    for handle in handles:
        site.awaken(handle)
    for handle in handles:
        site.cancel(handle)
    devices = [messages(site.log(handle), "gpus ")[0].removeprefix("gpus ").split(",") for handle in handles]
    assert sorted(device for each in devices for device in each) == ["0", "1", "2", "3"]


@pytest.mark.parametrize(
    ("trainer", "said"),
    [
        (MEETS, ["met 1 2 of 3"]),
        (REACHES, [f"reached 3 as {task} on the host" for task in ("chief 0", "worker 0", "worker 1")]),
    ],
    ids=["torchrun", "TF_CONFIG"],
)
def test_replicas_of_a_parallel_job_connect(site: Site, trainer: str, said: list[str]) -> None:
    handle = site.submit(trainer, config=config(replicas=3))
    entries = site.log(handle)
    assert site.status(handle).state is State.SUCCEEDED
    assert sorted(messages(entries, ("met ", "reached "))) == said


def test_a_parallel_job_is_cancelled_as_a_whole(site: Site) -> None:
    handle = site.submit(SLEEPS, config=config(replicas=3))
    site.awaken(handle)
    site.cancel(handle)
    status = site.end(handle)
    assert status.state is State.CANCELLED
