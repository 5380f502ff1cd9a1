"""A small load; `python -m bench.reliability load` is the large one."""

from __future__ import annotations

import pytest

from bench.reliability import load
from bench.reliability.site import Site


@pytest.mark.slow
def test_many_submissions_at_once_are_as_many_jobs_although_calls_fail(here: Site) -> None:
    lines = list(load.run(here, "mlengine", processes=4, each=3, chance=0.05))
    assert [line for line in lines if line.startswith("WRONG")] == []
    assert "  12 jobs, 0 of them twice" in lines
