"""A few hundred requests that no client makes; `python -m bench.reliability fuzz` makes twenty thousand."""

from __future__ import annotations

from pathlib import Path

from bench.reliability import fuzz
from bench.reliability.site import site


def test_whatever_is_asked_is_answered_and_stays_inside(tmp_path: Path) -> None:
    with site(folder=tmp_path) as here:
        lines = list(fuzz.run(here, requests=400, seed=5))
    assert [line for line in lines if line.startswith("WRONG")] == []
    assert lines[0].startswith("  400 requests: ")
