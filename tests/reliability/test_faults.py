"""A small fault matrix; `python -m bench.reliability faults` is the large one."""

from __future__ import annotations

import pytest

from bench.reliability import faults
from bench.reliability.site import Site


@pytest.mark.slow
@pytest.mark.parametrize(("backend", "creation"), [("vertex", 2), ("mlengine", 2)])
def test_whatever_happens_to_a_creation_there_is_one_job_at_most(here: Site, backend: str, creation: int) -> None:
    answers = ["503", "reset-after", "truncate"]
    found = list(faults.cells(here, backend, "submit", answers, ["once"], [creation]))
    assert [cell for cell in found if cell.wrong] == []
    assert [(cell.code, cell.jobs) for cell in found] == [(0, 1)] * 3


@pytest.mark.parametrize("verb", ["describe", "list", "cancel", "delete"])
def test_verbs_that_do_no_harm_twice_are_tried_again(here: Site, verb: str) -> None:
    found = list(faults.cells(here, "vertex", verb, ["503", "reset-after"], ["once"], [0]))
    assert [(cell.code, cell.wrong) for cell in found] == [(0, "")] * 2


def test_a_service_that_cannot_be_reached_is_said_to_be_so(here: Site) -> None:
    found = [*faults.unreachable(here, "vertex", "list")]
    assert [(cell.answer, cell.code, cell.wrong) for cell in found] == [
        ("no such host", 3, ""),
        ("nobody listens", 3, ""),
    ]
