"""What Slurm does that is not what one thinks, each on a real cluster."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from submit.errors import ErrorKind, RefusedError, ServiceError
from submit.job import Cause, State
from submit.steps import Command, Step
from submit.testing.conformance import messages
from submit.testing.site import Site
from tests.clusters import slurm
from tests.clusters.configs import pools, section
from tests.clusters.daemons import wait_until
from tests.clusters.sites import number_of, records, until
from tests.clusters.trainers import BRIEF, RESUMES, SLEEPS, TELLS

pytestmark = pytest.mark.skipif(bool(slurm.missing()), reason=slurm.missing())


def config(*directives: str, replicas: int = 1, **more: object) -> str:
    return pools(replicas) + section("slurm", directives=directives, **more)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[slurm.Slurm]:
    """It forgets jobs after two seconds."""
    with slurm.running(tmp_path_factory.mktemp("slurm"), remembers_s=2) as cluster:
        yield cluster


@pytest.mark.parametrize("directive", ["--chdir=/no/such/folder", "--output=/no/such/folder/log"])
def test_folders_that_are_not_there_fail_the_job(site: Site, directive: str) -> None:
    """Slurm would run it in /tmp and call it COMPLETED, or end it without a word."""
    status = site.end(site.submit(BRIEF, config=config(directive)))
    assert status.state is State.FAILED
    assert status.message


def test_nodes_without_that_python_say_so(site: Site) -> None:
    status = site.end(site.submit(BRIEF, config=config(python="/no/such/python3")))
    assert (status.state, "there is no /no/such/python3 on" in status.message) == (State.FAILED, True)


def test_a_partition_that_is_not_there_is_refused_at_once_and_leaves_nothing(site: Site) -> None:
    before = site.listed()
    with pytest.raises(ServiceError, match="invalid partition") as caught:
        site.submit(BRIEF, config=config(partition="nowhere"))
    assert caught.value.kind is ErrorKind.INVALID
    assert site.listed() == before


def test_more_nodes_than_there_are_is_told_and_can_be_cancelled(site: Site, cluster: slurm.Slurm) -> None:
    """Slurm accepts such a job and lets it wait for ever."""
    handle = site.submit(BRIEF, config=config(replicas=9))
    wait_until(lambda: "never start" in site.status(handle).message, "the reason")
    status = site.status(handle)
    assert status.state is State.QUEUED
    assert "ask for no more nodes" in status.message
    assert site.page(handle, "", 0.0).note == status.message, "who follows it is told as well"
    site.cancel(handle)
    assert site.end(handle).state is State.CANCELLED
    cluster.await_forgetting(handle.path)
    status = site.status(handle)
    assert (status.state, status.cause) == (State.CANCELLED, Cause.CANCELLED), "nobody but us remembers"


@pytest.mark.parametrize(
    ("directive", "words"),
    [
        ("--hold", "It waits: JobHeldUser. It is held: `scontrol release` lets it go."),
        ("--dependency=afterok:{other}", "It will never start: cancel it, and submit it without that dependency."),
    ],
)
def test_a_job_that_does_not_start_by_itself_is_told_with_the_reason(
    site: Site, cluster: slurm.Slurm, directive: str, words: str
) -> None:
    """Slurm lets one wait for ever whose dependency has failed."""
    other = site.submit(SLEEPS)
    handle = site.submit(BRIEF, config=config(directive.format(other=number_of(cluster, other))))
    site.cancel(other)
    wait_until(lambda: words in site.status(handle).message, "the reason")
    assert site.status(handle).state is State.QUEUED
    site.cancel(handle)
    assert site.end(handle).state is State.CANCELLED


def test_what_the_user_has_in_the_environment_does_not_go_along(site: Site) -> None:
    """Slurm would take all of it to the nodes, and may keep it in its accounting."""
    around = site.around._replace(environ={**site.around.environ, "TOKEN": "secret"})
    handle = replace(site, around=around).submit("import os; print('token', os.environ.get('TOKEN'), flush=True)")
    assert messages(site.log(handle), "token ") == ["token None"]


def test_a_trainer_that_crashes_is_not_taken_for_one_that_could_not_be_launched(site: Site) -> None:
    """Slurm's reason for a batch script that ends so is JobLaunchFailure."""
    status = site.end(site.submit("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"))
    assert (status.state, status.cause, status.exit_code) == (State.FAILED, Cause.SIGNAL, 139)


@pytest.mark.slow
def test_jobs_are_known_by_their_records_when_the_controller_has_forgotten_them(
    site: Site, cluster: slurm.Slurm
) -> None:
    """`squeue` of a list with unknown jobs is silent about them, and fails if it is asked by their numbers."""
    done, failed = site.submit(BRIEF), site.submit("raise SystemExit(3)")
    running = site.submit(SLEEPS)
    for handle in (done, failed):
        site.end(handle)
        cluster.await_forgetting(handle.path)
    site.awaken(running)
    found = site.describe([done, failed, running])
    assert [found[h].state for h in (done, failed, running)] == [State.SUCCEEDED, State.FAILED, State.RUNNING]
    assert found[failed].exit_code == 3
    site.cancel(running)
    assert site.end(running).state is State.CANCELLED


def test_what_an_administrator_cancels_is_cancelled(site: Site, cluster: slurm.Slurm) -> None:
    handle = site.submit(SLEEPS)
    site.awaken(handle)
    cluster.run("scancel", f"--name={handle.path}")
    status = site.end(handle)
    assert (status.state, status.cause) == (State.CANCELLED, Cause.CANCELLED)


@pytest.mark.slow
def test_a_time_limit_of_slurm_is_a_time_out(site: Site, cluster: slurm.Slurm) -> None:
    """Its exit code would be 0:0 in accounting."""
    handle = site.submit(SLEEPS)
    site.awaken(handle)
    cluster.run("scontrol", "update", f"job={number_of(cluster, handle)}", "EndTime=now")
    status = site.end(handle)
    assert (status.state, status.cause) == (State.FAILED, Cause.TIMEOUT)


@pytest.mark.slow
def test_a_job_that_is_put_back_goes_on_from_its_job_dir_and_so_does_its_log(site: Site, cluster: slurm.Slurm) -> None:
    handle = site.submit(RESUMES)
    site.awaken(handle)
    number = number_of(cluster, handle)
    cluster.run("scontrol", "requeue", number)
    assert "two minutes" in until(site, handle, State.QUEUED).message
    cluster.start_again(number)
    status = site.end(handle)
    assert status.state is State.SUCCEEDED
    assert [replica.restarts for replica in status.replicas] == [1]
    assert messages(site.log(handle), "from ") == ["from step 0", "from step 3"]


@pytest.mark.slow
def test_a_preempted_job_comes_back_and_goes_on_from_its_job_dir(site: Site, cluster: slurm.Slurm) -> None:
    victim = site.submit(RESUMES, config=config(replicas=4, cpus=16, memory="1GiB"))
    site.awaken(victim, replicas=4)
    number = number_of(cluster, victim)
    urgent = site.submit(BRIEF, config=config(cpus=16, memory="1GiB", partition="urgent"))
    assert site.end(urgent).state is State.SUCCEEDED
    assert not site.status(victim).state.ended
    until(site, victim, State.QUEUED)
    cluster.start_again(number)
    status = site.end(victim)
    assert status.state is State.SUCCEEDED
    assert {replica.restarts for replica in status.replicas} == {1}
    assert sorted(messages(site.log(victim), "from ")) == ["from step 0"] * 4 + ["from step 3"] * 4


CHIEF_ALONE = "import os, time; time.sleep(600 if int(os.environ['RANK']) else 0)"


def test_a_job_that_is_deleted_as_soon_as_it_has_ended_leaves_nobody_on_its_nodes(
    site: Site, cluster: slurm.Slurm
) -> None:
    """Some worker has not seen yet that the chief is done, and never would in a folder that is gone."""
    handle = site.submit(CHIEF_ALONE, config=config(replicas=4))
    until(site, handle, State.SUCCEEDED)
    site.delete(handle)
    wait_until(lambda: not cluster.numbers(handle.path), "the end of all replicas")


@pytest.mark.slow
def test_a_controller_that_is_away_is_no_end_of_a_job(site: Site, cluster: slurm.Slurm) -> None:
    handle = site.submit("import time; print('awake', flush=True); time.sleep(8)")
    silent = site.submit(SLEEPS)
    site.awaken(handle)
    site.awaken(silent)
    cluster.stop_controller()
    try:
        away = site.status(silent)
        assert away.state is State.RUNNING
        assert "the scheduler is away: `squeue`: " in away.message
        with pytest.raises(ServiceError, match="scancel"):
            site.cancel(silent)
        assert site.status(silent).state is State.RUNNING, "as what was not done"
        assert site.end(handle).state is State.SUCCEEDED, "its record tells"
        before = site.listed()
        with pytest.raises(RefusedError, match="sbatch"):
            site.submit(BRIEF)
        assert site.listed() == before
    finally:
        cluster.start_controller()
    assert until(site, silent, State.RUNNING).message == ""
    site.cancel(silent)
    assert site.end(silent).state is State.CANCELLED


@pytest.mark.slow
@pytest.mark.parametrize("back", ["line 40", ""])
def test_a_log_goes_on_while_the_controller_is_away(site: Site, cluster: slurm.Slurm, back: str) -> None:
    """Whether it comes back before the job's end, or not."""
    handle = site.submit(TELLS)
    told = []
    try:
        for entry in site.follow(handle):
            told.append(entry.message)
            if entry.message == "line 10":
                cluster.stop_controller()
            if entry.message == back:
                cluster.start_controller()
    finally:
        if not back:
            cluster.start_controller()
    assert [message for message in told if message.startswith("line ")] == [f"line {n}" for n in range(60)]
    assert site.end(handle).state is State.SUCCEEDED


@pytest.mark.slow
def test_a_controller_that_hangs_during_a_submission_has_one_job_in_the_end(site: Site, cluster: slurm.Slurm) -> None:
    """`sbatch` gives up, and the controller takes the job when it wakes."""
    prepared = site.prepared(SLEEPS)
    asked: list[str] = []
    with cluster.hanging_controller() as wake:

        def observe(step: Step) -> None:
            asked.append(step.argv[0] if isinstance(step, Command) else "")
            if "sbatch" in asked[:-1]:
                wake()

        handle = site.create(prepared, observe)
    assert asked.count("sbatch") == 1
    site.awaken(handle)
    assert len(cluster.numbers(handle.path)) == 1
    site.cancel(handle)
    assert site.end(handle).state is State.CANCELLED


@pytest.mark.slow
def test_what_is_left_of_a_lost_node_ends_when_its_successor_runs(site: Site, cluster: slurm.Slurm) -> None:
    """Slurm starts the job again while the first trainer still runs: two would write into one job dir."""
    handle = site.submit(RESUMES)
    site.awaken(handle)
    number = number_of(cluster, handle)
    node = cluster.node(handle.path)
    cluster.kill_node(node)
    try:
        until(site, handle, State.QUEUED)
        assert records(site, handle)["workerpool0-0.0"]["state"] == "RUNNING", "the orphan"
        cluster.start_now(number)
        assert site.end(handle).state is State.SUCCEEDED
        wait_until(lambda: records(site, handle)["workerpool0-0.0"]["state"] == "ENDED", "the orphan's end")
        assert records(site, handle)["workerpool0-0.0"]["why"] == "superseded"
        assert messages(site.log(handle), "from ") == ["from step 0", "from step 3"]
    finally:
        cluster.start_node(node)


@pytest.mark.slow
def test_a_job_that_may_not_come_back_is_lost_with_its_node(site: Site, cluster: slurm.Slurm) -> None:
    handle = site.submit(SLEEPS, config=config("--no-requeue"))
    site.awaken(handle)
    node = cluster.node(handle.path)
    cluster.kill_node(node)
    try:
        status = site.end(handle)
        assert (status.state, status.cause) == (State.FAILED, Cause.LOST)
        cluster.await_forgetting(handle.path)
        assert site.status(handle).cause is Cause.LOST
    finally:
        cluster.start_node(node)
