from __future__ import annotations

import pytest

from bench.queued import most_at_once


@pytest.mark.parametrize(
    ("spans", "most"),
    [
        ([], 0),
        ([(0.0, 1.0)], 1),
        ([(0.0, 1.0), (1.0, 2.0)], 1),
        ([(0.0, 1.0), (0.5, 2.0)], 2),
        ([(0.0, 9.0), (1.0, 2.0), (1.5, 3.0), (4.0, 5.0)], 3),
    ],
)
def test_the_largest_overlap_is_counted(spans: list[tuple[float, float]], most: int) -> None:
    assert most_at_once(spans) == most
