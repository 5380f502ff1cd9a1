"""What the benchmark of clusters counts, on a real one."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.clusters import Bench
from bench.setting import prepare
from tests.clusters import slurm

pytestmark = pytest.mark.skipif(bool(slurm.missing()), reason=slurm.missing())


def test_the_states_of_many_jobs_take_two_processes_one_of_which_asks_the_queue(tmp_path: Path) -> None:
    folder = tmp_path / "slurm"
    folder.mkdir()
    with slurm.running(folder) as cluster:
        bench = Bench.of(prepare(tmp_path / "setting", runs=1), cluster)
        sample = bench.driver("jobdir", "status", 5)()
    assert sample["started"] == 2
