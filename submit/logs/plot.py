"""A line plot of Unicode's braille patterns, which have 2 × 4 dots in the place of a character."""

from __future__ import annotations

from collections.abc import Sequence

_EMPTY = 0x2800
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""By row and column within a character: https://www.unicode.org/charts/PDF/U2800.pdf"""


def plot(points: Sequence[tuple[float, float]], *, width: int = 60, height: int = 10) -> list[str]:
    """Lines with the axis of y at their left and that of x below; `width` and `height` are those of the field."""
    if not points:
        return []
    xs, ys = [x for x, _ in points], [y for _, y in points]
    low, high = min(ys), max(ys)
    cells = [[0] * width for _ in range(height)]
    dots = [
        (_scaled(x, min(xs), max(xs), 2 * width - 1), 4 * height - 1 - _scaled(y, low, high, 4 * height - 1))
        for x, y in points
    ]
    for begin, end in zip(dots, dots[1:] or dots, strict=False):
        _draw(cells, begin, end)
    labels = {0: _short(high), height - 1: _short(low)}
    margin = max(map(len, labels.values()))
    rows = ["".join(chr(_EMPTY + cell) if cell else " " for cell in row) for row in cells]
    lines = [f"{labels.get(number, ''):>{margin}} │{row}".rstrip() for number, row in enumerate(rows)]
    first, last = _short(min(xs)), _short(max(xs))
    return [*lines, f"{'':>{margin}} └{'─' * width}", f"{'':>{margin}}  {first}{last:>{max(0, width - len(first))}}"]


def _scaled(value: float, low: float, high: float, steps: int) -> int:
    """0 to `steps`; a constant is in the middle. Halves keep the difference of very large numbers finite."""
    span = high / 2 - low / 2
    return round((value / 2 - low / 2) / span * steps) if span else steps // 2


def _draw(cells: list[list[int]], begin: tuple[int, int], end: tuple[int, int]) -> None:
    (x0, y0), (x1, y1) = begin, end
    steps = max(abs(x1 - x0), abs(y1 - y0), 1)
    for step in range(steps + 1):
        x, y = x0 + round((x1 - x0) * step / steps), y0 + round((y1 - y0) * step / steps)
        cells[y // 4][x // 2] |= _DOTS[y % 4][x % 2]


def _short(value: float) -> str:
    return f"{value:.4g}"
