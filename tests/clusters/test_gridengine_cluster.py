"""The cell that other tests run jobs on is what it promises."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.clusters import gridengine
from tests.clusters.daemons import wait_until

pytestmark = pytest.mark.skipif(bool(gridengine.missing()), reason=gridengine.missing())


def test_a_job_runs_and_is_accounted_for_and_nothing_is_left_of_another(tmp_path: Path) -> None:
    with gridengine.running(tmp_path) as cluster:
        job = cluster.run("qsub", "-terse", "-j", "y", "-o", "/dev/null", "-l", "gpu=2", stdin="exit 3\n").strip()
        wait_until(lambda: cluster.daemons.works("qacct", "-j", job), "the job's end")
        assert "exit_status  3" in cluster.run("qacct", "-j", job)
        cluster.run("qsub", "-j", "y", "-o", "/dev/null", "-b", "y", "sleep", "600")
        wait_until(lambda: "<state>r</state>" in cluster.run("qstat", "-xml"), "the job's start")
        assert cluster.daemons.strays()
    assert not cluster.daemons.strays()
