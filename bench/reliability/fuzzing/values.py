"""Values that are not what was expected, and damage to trees and bytes; all of it by a seeded choice."""

from __future__ import annotations

import copy
from random import Random
from typing import Any

TEXTS = (
    *("", " ", "a", "0", "-1", "x" * 300, "x" * 20_000, "é😀", "\u202e", "\x00", "a\x00b", "\x7f", "\ud800", "a\udfff"),
    *("..", "../canary", "../../canary", "../../../canary", "/etc/passwd", "a/../../canary", ".", "%2e%2e", "%", "\\"),
    *(
        "NaN",
        "Infinity",
        "1e999",
        "9" * 40,
        "9" * 5000,
        "0x10",
        "١٢",
        "²",
        "true",
        "null",
        "[]",
        "{}",
        '"',
        "'",
        "`id`",
    ),
    *(
        "-",
        "*",
        "**",
        "a*" * 40,
        "(" * 300,
        "[" * 300,
        "{" * 50,
        "?",
        "(a+)+$",
        "a=b",
        "labels",
        "name",
        "a,b",
        ",",
        ";",
    ),
    *("gs://", "gs://fuzz-bucket/../canary", "gs:///etc/passwd", "gs://../canary", "gs://fuzz-bucket/a", "file:///etc"),
    *(
        "projects/p",
        "projects/",
        "projects//locations/",
        "projects/-/locations/-",
        "us-central1",
        "europe-west4",
        "-/-",
    ),
    *(
        "2026-11-21T03:33:37Z",
        "0000-00-00T00:00:00Z",
        "9999-12-31T23:59:59.999999999+23:59",
        "1s",
        "-1s",
        "1e9s",
        "99y",
    ),
    *("JOB_STATE_RUNNING", "SPOT", "NVIDIA_TESLA_T4", "n1-standard-4", "STRING_VALUE", "labels.a", "create_time desc"),
    *("\r\nX-Bad: 1", "a\nb", "\t", "<a>&amp;", "]]>", "${HOME}", "$(id)", "~", "abc=", "====", "YWJj", "é="),
)
SCALARS: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2**31, 2**32, 2**63, 2**64, -(2**63) - 1, 10**30, 10**400, 0.5, -0.0, 1e300),
    *(float("nan"), float("inf"), float("-inf"), 1.0, 2.5),
)


def text(choose: Random) -> str:
    return choose.choice(TEXTS)


def value(choose: Random) -> Any:
    """Any JSON: mostly a scalar of the wrong kind."""
    kind = choose.random()
    if kind < 0.4:
        return text(choose)
    if kind < 0.7:
        return choose.choice(SCALARS)
    if kind < 0.8:
        return nested(choose.choice((3, 30, 120)), choose)
    if kind < 0.9:
        return [value(choose) for _ in range(choose.choice((0, 1, 3)))]
    return {text(choose): value(choose) for _ in range(choose.choice((0, 1, 2)))}


def nested(depth: int, choose: Random) -> Any:
    found: Any = choose.choice(SCALARS)
    for _ in range(depth):
        found = [found] if choose.random() < 0.5 else {"a": found}
    return found


def mutated(tree: Any, choose: Random) -> Any:
    """A copy with one to three places changed, moved, renamed or deleted."""
    tree = copy.deepcopy(tree)
    for _ in range(choose.choice((1, 1, 2, 3))):
        places = list(_places(tree))
        if places:
            _change(places, choose)
    return tree


def _change(places: list[tuple[Any, Any]], choose: Random) -> None:
    container, key = choose.choice(places)
    match choose.randrange(5):
        case 0 | 1:
            container[key] = value(choose)
        case 2:
            del container[key]
        case 3:
            other, other_key = choose.choice(places)
            container[key] = copy.deepcopy(other.get(other_key) if isinstance(other, dict) else other)
        case _ if isinstance(container, dict):
            container[text(choose)] = container.pop(key)


def _places(tree: Any) -> Any:
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, item in items:
        yield tree, key
        yield from _places(item)


def damaged(raw: bytes, choose: Random) -> bytes:
    """Bytes cut, doubled, inserted or changed."""
    at = choose.randrange(len(raw) + 1)
    match choose.randrange(7):
        case 0:
            return raw[:at]
        case 1:
            return raw[:at] + raw[at + choose.randrange(12) :]
        case 2:
            return raw[:at] + choose.choice((b"\xff", b"\x00", b"\xed\xa0\x80", b'"', b"}", b",", b"\r\n")) + raw[at:]
        case 3:
            return raw[:at] + choose.choice((b"[", b'{"a":', b"(", b"\n--")) * 5000 + raw[at:]
        case 4:
            return raw[:at] + raw[at // 2 :]
        case 5:  # as deep as can just be read
            depth = choose.choice((50, 200, 500, 900, 950))
            open_, close = choose.choice(((b"[", b"]"), (b'{"a":', b"}")))
            return raw.replace(b": ", b": " + open_ * depth + b"1" + close * depth + b', "z": ', 1)
    return bytes(choose.randrange(256) for _ in range(choose.choice((1, 10, 1000))))
