"""A small crash matrix; `python -m bench.reliability crash` is the large one."""

from __future__ import annotations

import pytest

from bench.reliability import crash
from bench.reliability.site import Site


@pytest.mark.slow
def test_a_command_that_is_killed_leaves_one_job_or_none_and_recover_says_which(here: Site) -> None:
    count = crash.effects(here, "vertex")
    points = list(range(max(1, count - 16), count + 1, 4))  # the creation is among the last of them
    crashes = [*crash.at_each_effect(here, "vertex", points), *crash.at_random(here, "vertex", 2, seed=1)]
    assert [each for each in crashes if each.wrong] == []
    assert {"created", "never created"} & {each.said for each in crashes}
    assert crash.nothing_twice(here) == []
