"""A small crash matrix; `python -m bench.reliability crash` is the large one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.reliability import crash
from bench.reliability.site import Site, site


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(folder=Path(tmp_path_factory.mktemp("reliability"))) as made:
        yield made


@pytest.mark.slow
def test_a_command_that_is_killed_leaves_one_job_or_none_and_recover_says_which(here: Site) -> None:
    count = crash.effects(here, "vertex")
    points = list(range(max(1, count - 21), count + 1, 3))  # the creation is among the last of them
    crashes = [*crash.at_each_effect(here, "vertex", points), *crash.at_random(here, "vertex", 3, seed=1)]
    assert [each for each in crashes if each.wrong] == []
    assert {"created", "never created"} & {each.said for each in crashes}
    assert crash.nothing_twice(here) == []
