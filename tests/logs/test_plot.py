"""Plots in a terminal."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from submit.logs.plot import plot


def test_a_falling_line_falls() -> None:
    assert plot([(0, 1), (10, 0)], width=8, height=4) == [
        "1 │⠑⢄",
        "  │  ⠑⢄",
        "  │    ⠑⢄",
        "0 │      ⠑⢄",
        "  └────────",
        "   0     10",
    ]


def test_one_point_and_a_constant_are_drawn_too() -> None:
    assert plot([(1, 5)], width=4, height=1)[0] == "5 │ ⠠"
    assert plot([(0, 5), (9, 5)], width=4, height=1)[0] == "5 │⠤⠤⠤⠤"


def test_nothing_is_no_plot() -> None:
    assert plot([]) == []


numbers = st.floats(allow_nan=False, allow_infinity=False)


@settings(deadline=None)
@given(st.lists(st.tuples(numbers, numbers), min_size=1, max_size=20), st.integers(1, 30), st.integers(1, 8))
def test_any_points_fit_into_the_field(points: list[tuple[float, float]], width: int, height: int) -> None:
    lines = plot(points, width=width, height=height)
    assert len(lines) == height + 2
    assert all(len(line.partition("│")[2]) <= width for line in lines[:height])
