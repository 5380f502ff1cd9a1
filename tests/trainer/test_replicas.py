from __future__ import annotations

import signal
import socket
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests.trainer.runs import Cluster, checkpoint_steps, finish, read_until, running, start, train
from tests.trainer.test_task import assert_error

FOREVER = ("--job-dir", "job", "--epochs", "1000000")


def weights(path: Path) -> dict[str, np.ndarray]:
    with np.load(path) as layers:
        return dict(layers)


def folder(parent: Path, name: str) -> Path:
    (parent / name).mkdir()
    return parent / name


@pytest.fixture
def cluster() -> Cluster:
    return Cluster(workers=2)


def start_three(tmp_path: Path, cluster: Cluster, *arguments: str) -> list[subprocess.Popen[str]]:
    """The chief and both workers, each in a folder of its own; the workers first, to find no chief yet."""
    return [
        start(folder(tmp_path, name), *arguments, env=cluster.env(pool, index))
        for name, pool, index in (("worker-0", 1, 0), ("worker-1", 1, 1), ("chief", 0, 0))
    ]


def test_three_replicas_train_the_model_that_one_trains_and_only_the_chief_writes(
    tmp_path: Path, cluster: Cluster
) -> None:
    arguments = ("--job-dir", "job", "--epochs", "3")
    ended = [finish(process) for process in start_three(tmp_path, cluster, *arguments)]
    assert [(run.exit_code, run.err) for run in ended] == [(0, "")] * 3
    assert [run.epochs for run in ended] == [[], [], [1, 2, 3]]
    assert list((tmp_path / "worker-0").iterdir()) == list((tmp_path / "worker-1").iterdir()) == []

    train(tmp_path, *arguments)
    together = weights(tmp_path / "chief/job/model/model.npz")
    alone = weights(tmp_path / "job/model/model.npz")
    for name, layer in alone.items():
        assert np.allclose(layer, together[name], atol=1e-3)


def test_a_killed_worker_makes_the_chief_save_and_fail(tmp_path: Path, cluster: Cluster) -> None:
    worker_0, worker_1, chief = processes = start_three(tmp_path, cluster, *FOREVER)
    with running(*processes):
        read_until(chief, "epoch 2 ")
        worker_1.kill()
        ended = finish(chief)
        other = finish(worker_0)
    assert ended.exit_code == 1
    assert ended.err.startswith(("ERROR:trainer:worker 1 has closed", "ERROR:trainer:the connection to worker 1 broke"))
    step = checkpoint_steps(tmp_path / "chief/job/checkpoints")[-1]
    assert ended.last_line.startswith(f"INFO:trainer:wrote checkpoint step={step} ")
    assert other.exit_code == 1
    assert "the chief" in other.err


def test_a_job_of_three_resumes_where_a_signal_stopped_it(tmp_path: Path, cluster: Cluster) -> None:
    processes = start_three(tmp_path, cluster, *FOREVER)
    with running(*processes):
        read_until(processes[2], "epoch 2 ")
        processes[2].send_signal(signal.SIGTERM)
        assert [finish(process).exit_code for process in processes] == [1, 1, -signal.SIGTERM]
    step = checkpoint_steps(tmp_path / "chief/job/checkpoints")[-1]

    again = Cluster(workers=2)
    arguments = ("--job-dir", str(tmp_path / "chief/job"), "--epochs", str(step // 45 + 1))
    workers = [start(tmp_path, *arguments, env=again.env(1, index)) for index in range(2)]
    with running(*workers):
        chief = train(tmp_path, *arguments, env=again.env(0))
        assert [finish(worker).exit_code for worker in workers] == [0, 0]
    assert chief.epochs == [step // 45 + 1]


def test_a_worker_that_never_comes_is_named(tmp_path: Path, cluster: Cluster) -> None:
    first = start(tmp_path, "--peer-timeout", "1.5", env=cluster.env(1, 0))
    with running(first):
        ended = train(tmp_path, "--peer-timeout", "1.5", env=cluster.env(0))
    assert_error(ended, "worker 1 has not come within 1.5 s")


def test_a_worker_that_stops_answering_is_lost(tmp_path: Path, cluster: Cluster) -> None:
    worker_0, _, chief = processes = start_three(tmp_path, cluster, *FOREVER, "--peer-timeout", "1.5")
    with running(*processes):
        read_until(chief, "epoch 2 ")
        worker_0.send_signal(signal.SIGSTOP)
        assert_error(finish(chief), "worker 0 has been silent for 1.5 s")


def test_a_chief_that_never_comes_is_an_error(tmp_path: Path, cluster: Cluster) -> None:
    ended = train(tmp_path, "--peer-timeout", "0.5", env=cluster.env(1))
    (address,) = cluster.addresses["workerpool0"]
    assert_error(ended, f"the chief at {address} cannot be reached: Connection refused")


def test_replicas_started_with_other_arguments_are_refused(tmp_path: Path) -> None:
    cluster = Cluster(workers=1)
    worker = start(tmp_path, "--epochs", "3", env=cluster.env(1))
    with running(worker):
        chief = train(tmp_path, "--epochs", "4", env=cluster.env(0))
        assert finish(worker).exit_code == 1
    assert_error(chief, "worker 0 was started for another run: epochs=3 instead of epochs=4")


def test_a_stranger_at_the_chiefs_port_is_turned_away(tmp_path: Path) -> None:
    cluster = Cluster(workers=1)
    chief = start(tmp_path, "--epochs", "1", env=cluster.env(0))
    with running(chief):
        read = read_until(chief, "waiting for workers=1")
        host, _, port = cluster.addresses["workerpool0"][0].partition(":")
        with socket.create_connection((host, int(port))) as stranger:
            stranger.sendall(b"GET / HTTP/1.1\r\nHost: chief\r\n\r\n")
        assert train(tmp_path, "--epochs", "1", env=cluster.env(1)).exit_code == 0
        ended = finish(chief, read)
    assert ended.exit_code == 0
    assert "WARNING:trainer:turned away a connection that is not from a worker" in ended.out


def test_a_chief_that_waits_for_workers_can_be_stopped(tmp_path: Path, cluster: Cluster) -> None:
    chief = start(tmp_path, env=cluster.env(0))
    with running(chief):
        read_until(chief, "waiting for workers=2")
        chief.send_signal(signal.SIGTERM)
        assert finish(chief).exit_code == -signal.SIGTERM


def test_a_parameter_server_waits_until_it_is_stopped(tmp_path: Path, cluster: Cluster) -> None:
    server = start(tmp_path, env=cluster.env(2))
    with running(server):
        read_until(server, "nothing to do for a parameter server")
        assert server.poll() is None
        server.send_signal(signal.SIGTERM)
        assert finish(server).exit_code == -signal.SIGTERM


def test_an_evaluator_evaluates_up_to_the_last_checkpoint_and_writes_nothing(tmp_path: Path) -> None:
    cluster = Cluster(workers=0)
    evaluator = start(tmp_path, "--job-dir", "job", "--epochs", "2", env=cluster.env(3))
    with running(evaluator):
        chief = train(tmp_path, "--job-dir", "job", "--epochs", "2", env=cluster.env(0))
        before = sorted(tmp_path.rglob("*"))
        ended = finish(evaluator)
    assert ended.exit_code == 0
    assert ended.last_line.startswith("INFO:trainer:evaluated step=90 ")
    assert ended.last_line.split("accuracy=")[1] == chief.last_line.split("accuracy=")[1].split()[0]
    assert sorted(tmp_path.rglob("*")) == before
