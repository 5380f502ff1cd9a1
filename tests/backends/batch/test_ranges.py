"""Numbers of elements, as schedulers write them and as people read them."""

from __future__ import annotations

import pytest

from submit.backends.batch.ranges import numbers, told


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("7", [7]),
        ("3-5:1", [3, 4, 5]),
        ("1,2,4,5,8-12:2", [1, 2, 4, 5, 8, 10, 12]),
        ("[1-2,4,6-7%4]", [1, 2, 4, 6, 7]),
        ("[9%4]", [9]),
    ],
)
def test_all_that_schedulers_write_is_read(text: str, found: list[int]) -> None:
    assert list(numbers(text)) == found


def test_neighbours_are_told_together_and_not_all_of_many() -> None:
    assert told([1, 2, 3, 7, 9, 10]) == "1-3, 7, 9-10"
    assert told(range(1, 1001)) == "1-1000"
    assert told(range(1, 1001, 2)) == "1, 3, 5, 7, 9, 11, 13, 15 …"
