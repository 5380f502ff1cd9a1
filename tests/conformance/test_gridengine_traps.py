"""What Grid Engine does that is not what one thinks, each on a real cluster."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from submit.errors import ErrorKind, ServiceError
from submit.job import Cause, Handle, State, Status
from submit.testing.conformance import messages
from submit.testing.site import Site
from tests.clusters import gridengine
from tests.clusters.daemons import wait_until
from tests.clusters.sites import site_of

pytestmark = pytest.mark.skipif(bool(gridengine.missing()), reason=gridengine.missing())

SLEEP = "import time; print('awake', flush=True); time.sleep(600)"
BRIEF = "print('done', flush=True)"
AGAIN = """
import os, time
again = os.path.exists("begun")
open("begun", "w").close()
print("awake", flush=True)
time.sleep(0 if again else 600)
"""
"""sleeps, and ends at once when it is started again"""
GPUS = """
import os, time
print("gpus", os.environ["CUDA_VISIBLE_DEVICES"], flush=True)
print("awake", flush=True)
time.sleep(600)
"""
MEET = """
import os, socket
rank, size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
place = (os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"]))
if rank == 0:
    with socket.create_server(place) as server:
        server.settimeout(60)
        met = sorted(server.accept()[0].makefile().readline().strip() for _ in range(size - 1))
    print("met", *met, flush=True)
else:
    for attempt in range(600):
        try:
            socket.create_connection(place, 60).sendall(f"{rank}\\n".encode())
            break
        except ConnectionRefusedError:
            __import__("time").sleep(0.1)
    else:
        raise SystemExit("nobody listens")
"""
"""as torchrun's processes find each other"""
MACHINE = "{machineType: n1-standard-4}"
TWO_GPUS = "{machineType: n1-standard-8, acceleratorType: NVIDIA_TESLA_T4, acceleratorCount: 2}"


def config(machine: str = MACHINE, replicas: int = 1, **options: str) -> str:
    said = {"cpus": "1", **options}
    pools = [f"{{machineSpec: {machine}}}"]
    pools += [f"{{machineSpec: {machine}, replicaCount: {replicas - 1}}}"] if replicas > 1 else []
    text = ", ".join(f"{key}: {value}" for key, value in said.items())
    return f"workerPoolSpecs: [{', '.join(pools)}]\nsubmit: {{gridengine: {{{text}}}}}\n"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[gridengine.GridEngine]:
    with gridengine.running(tmp_path_factory.mktemp("gridengine")) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, environ: dict[str, str], cluster: gridengine.GridEngine) -> Site:
    return site_of("gridengine", tmp_path_factory.mktemp("site"), {**environ, **cluster.environ})


def id_of(cluster: gridengine.GridEngine, handle: Handle) -> str:
    found = re.search(r"^job_number: +(\d+)", cluster.run("qstat", "-j", handle.path), re.MULTILINE)
    assert found
    return found[1]


def until(site: Site, handle: Handle, state: State) -> Status:
    wait_until(lambda: site.status(handle).state is state, f"{handle} is {state}")
    return site.status(handle)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (config(directives="['-l gpu=99']"), "no suitable queues"),
        (config(mpi="nowhere", replicas=2), "parallel environment"),
        (config(queue="nowhere"), "unknown queue"),
    ],
)
def test_what_no_host_can_run_is_refused_at_once_and_leaves_nothing(site: Site, said: str, words: str) -> None:
    """Grid Engine would let the first of them wait for ever."""
    before = site.listed()
    with pytest.raises(ServiceError, match=words) as caught:
        site.submit(BRIEF, config=said)
    assert caught.value.kind is ErrorKind.INVALID
    assert site.listed() == before


def test_a_job_in_error_has_failed_and_says_why_and_what_to_do(site: Site) -> None:
    """It stays in the queue for ever, and only one of Grid Engine's commands says why."""
    handle = site.submit(BRIEF, config=config(directives="[-wd /no/such/folder]"))
    status = site.end(handle)
    assert (status.state, status.cause) == (State.FAILED, Cause.ENVIRONMENT)
    assert "can't chdir to /no/such/folder" in status.message
    assert "`qdel " in status.message
    site.cancel(handle)


def test_a_job_that_is_cancelled_while_it_waits_is_in_no_accounting_but_known(
    site: Site, cluster: gridengine.GridEngine
) -> None:
    handle = site.submit(BRIEF, config=config(directives="[-h]"))
    assert site.status(handle).state is State.QUEUED
    site.cancel(handle)
    status = site.end(handle)
    assert (status.state, status.cause) == (State.CANCELLED, Cause.CANCELLED)
    assert cluster.daemons.attempt("qacct", "-j", handle.path).returncode


@pytest.mark.parametrize("code", [99, 100])
def test_exit_codes_that_grid_engine_takes_for_orders_are_the_trainers_own(site: Site, code: int) -> None:
    """99 would start the job again, 100 hold it in error."""
    status = site.end(site.submit(f"raise SystemExit({code})"))
    assert (status.state, status.exit_code) == (State.FAILED, code)


@pytest.mark.slow
def test_a_job_that_is_started_again_is_counted_and_goes_on(site: Site, cluster: gridengine.GridEngine) -> None:
    """Grid Engine only says that it is not the first time."""
    handle = site.submit(AGAIN, config=config())
    site.awaken(handle)
    cluster.run("qmod", "-rj", id_of(cluster, handle))
    status = site.end(handle)
    assert status.state is State.SUCCEEDED
    assert [replica.restarts for replica in status.replicas] == [1]


def test_a_job_that_others_delete_leaves_its_record(site: Site, cluster: gridengine.GridEngine) -> None:
    """`qdel` is SIGKILL at once, unless the job asked to be told before."""
    handle = site.submit(SLEEP, config=config())
    site.awaken(handle)
    cluster.run("qdel", handle.path)
    status = site.end(handle)
    assert status.state is State.FAILED
    assert status.replicas[0].state is State.FAILED
    assert status.cause is Cause.SIGNAL


@pytest.mark.slow
def test_the_scheduler_may_be_away(site: Site, cluster: gridengine.GridEngine) -> None:
    handle = site.submit(SLEEP, config=config())
    site.awaken(handle)
    cluster.stop_master()
    status = site.status(handle)
    assert status.state is State.RUNNING
    assert "the scheduler is away" in status.message
    with pytest.raises(ServiceError) as caught:
        site.submit(BRIEF, config=config())
    assert caught.value.kind is ErrorKind.TRANSIENT
    cluster.start_master()
    assert until(site, handle, State.RUNNING).message == ""
    site.cancel(handle)
    assert site.end(handle).state is State.CANCELLED


@pytest.mark.slow
def test_gpus_are_handed_out_where_the_cluster_only_counts_them(site: Site) -> None:
    said = config(TWO_GPUS, gpus_per_host=str(gridengine.GPUS))
    handles = [site.submit(GPUS, config=said) for _ in range(2)]
    for handle in handles:
        site.awaken(handle)
    for handle in handles:
        site.cancel(handle)
    devices = [messages(site.log(handle), "gpus ")[0].removeprefix("gpus ").split(",") for handle in handles]
    assert sorted(device for each in devices for device in each) == ["0", "1", "2", "3"]


def test_replicas_of_a_parallel_job_connect(site: Site) -> None:
    handle = site.submit(MEET, config=config(replicas=3))
    entries = site.log(handle)
    assert site.status(handle).state is State.SUCCEEDED
    assert messages(entries, "met ") == ["met 1 2"]


def test_a_parallel_job_is_cancelled_as_a_whole(site: Site) -> None:
    handle = site.submit(SLEEP, config=config(replicas=3))
    site.awaken(handle)
    site.cancel(handle)
    status = site.end(handle)
    assert status.state is State.CANCELLED
