"""What a filter says about where its entries can be, so that not all have to be looked at."""

from __future__ import annotations

from submit.emulator.logs.fields import time_text
from submit.emulator.logs.syntax import And, Comparison, Node, Or

EARLIEST, LATEST = "", "~"
"""Before and after all times as texts."""

_TIMESTAMP = ("timestamp",)


def required(node: Node, path: tuple[str, ...]) -> frozenset[str] | None:
    """The values one of which the field has in all entries that match; None if it may have any."""
    match node:
        case Comparison(found, "=", value, False) if found == path:
            return frozenset({value})
        case And(parts):
            known = [values for part in parts if (values := required(part, path)) is not None]
            return frozenset.intersection(*known) if known else None
        case Or(parts):
            several = [required(part, path) for part in parts]
            return None if None in several else frozenset().union(*(values or () for values in several))
    return None


def period(node: Node) -> tuple[str, str]:
    """No entry before the first time or after the second matches."""
    match node:
        case Comparison(path, operator, value, False) if path == _TIMESTAMP:
            return _period(operator, time_text(value))
        case And(parts) if parts:
            periods = [period(part) for part in parts]
            return max(first for first, _ in periods), min(last for _, last in periods)
        case Or(parts):
            periods = [period(part) for part in parts]
            return min(first for first, _ in periods), max(last for _, last in periods)
    return EARLIEST, LATEST


def without_upper_bound(node: Node) -> Node:
    """Without `timestamp < …` among what must hold."""
    if isinstance(node, And):
        return And(tuple(without_upper_bound(part) for part in node.parts))
    is_bound = isinstance(node, Comparison) and node.path == _TIMESTAMP and node.operator in ("<", "<=")
    return And(()) if is_bound else node


def _period(operator: str, time: str) -> tuple[str, str]:
    first = time if operator in ("=", ":", ">", ">=") else EARLIEST
    last = time if operator in ("=", ":", "<", "<=") else LATEST
    return first, last
