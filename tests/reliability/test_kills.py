"""Some jobs of which replicas are killed; `python -m bench.reliability kills` has a hundred."""

from __future__ import annotations

import sys

import pytest

from bench.reliability import kills
from bench.reliability.site import Site


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_jobs_whose_replicas_are_killed_end_with_the_right_state_and_cause(here: Site) -> None:
    lines = list(kills.run(here, jobs=5, at_once=2, chance=0.5, seed=3))
    assert [line for line in lines if line.startswith("WRONG")] == []
    assert " 0 replicas killed" not in lines[-1]
