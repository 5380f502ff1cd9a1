"""The clusters that other tests run jobs on are what they promise."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.clusters import accounting, slurm
from tests.clusters.daemons import wait_until

pytestmark = pytest.mark.skipif(bool(slurm.missing()), reason=slurm.missing())


def test_a_job_runs_on_two_nodes_with_a_gpu_each_and_nothing_is_left_of_it(tmp_path: Path) -> None:
    with slurm.running(tmp_path) as cluster:
        said = cluster.run(
            "srun", "-N2", "--gpus-per-node=2", "sh", "-c", "echo $SLURMD_NODENAME $CUDA_VISIBLE_DEVICES"
        )
        assert sorted(said.splitlines()) == ["node1 0,1", "node2 0,1"]
        cluster.run("sbatch", "--output=/dev/null", "--wrap", "sleep 600")
        wait_until(lambda: "RUNNING" in cluster.run("squeue", "-h", "-o", "%T"), "the job's start")
        assert cluster.daemons.strays()
    assert not cluster.daemons.strays()


def test_a_node_and_the_controller_come_back(tmp_path: Path) -> None:
    with slurm.running(tmp_path) as cluster:
        cluster.kill_node("node1")
        cluster.stop_controller()
        assert cluster.daemons.attempt("scontrol", "ping").returncode
        cluster.start_controller()
        cluster.start_node("node1")
        assert cluster.run("srun", "-w", "node1", "sh", "-c", "echo $SLURMD_NODENAME") == "node1\n"


@pytest.mark.slow
@pytest.mark.skipif(bool(accounting.missing()), reason=accounting.missing())
def test_accounting_knows_what_the_controller_has_forgotten(tmp_path: Path) -> None:
    with slurm.running(tmp_path, remembers_s=2, accounts=True) as cluster:
        job = cluster.run("sbatch", "--parsable", "--output=/dev/null", "--wrap", "exit 3").strip()
        wait_until(lambda: not cluster.daemons.works("scontrol", "show", "job", job), "the controller's forgetting")
        assert cluster.run("sacct", "-X", "-n", "-P", "-o", "State,ExitCode", "-j", job) == "FAILED|3:0\n"
