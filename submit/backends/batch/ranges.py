"""Numbers of an array's elements: as schedulers write them, and as people read them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

SHOWN = 8
"""more ranges than these are not told one by one"""


def numbers(text: str) -> Iterator[int]:
    """Those of `7`, `3-5:1`, `2-8:2` or `1,4-6%2`; what is behind `%` says how many run at a time."""
    for first, last, step in re.findall(r"(\d+)(?:-(\d+))?(?::(\d+))?", text.partition("%")[0]):
        yield from range(int(first), int(last or first) + 1, int(step or 1))


def told(elements: Iterable[int]) -> str:
    """`1-3, 7`; of ascending numbers."""
    found: list[tuple[int, int]] = []
    for number in elements:
        if found and found[-1][1] == number - 1:
            found[-1] = found[-1][0], number
        else:
            found.append((number, number))
    texts = [str(first) if first == last else f"{first}-{last}" for first, last in found]
    return ", ".join(texts[:SHOWN]) + (" …" if len(texts) > SHOWN else "")
