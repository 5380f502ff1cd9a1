"""Filters of lists and of logs: of the right form, of none, deeply nested, and such that backtrack for ever."""

from __future__ import annotations

from random import Random

from bench.reliability.fuzzing import values

_FIELDS = (
    *("severity", "timestamp", "textPayload", "jsonPayload.a", "resource.labels.job_id", "labels.a", "logName", "a"),
    *('labels."x/y"', "json_payload.a.b", "insertId", "-severity", "resource.type", "trace", "nosuch", '"quoted"'),
)
_LISTED = (
    "display_name",
    "displayName",
    "state",
    "labels.a",
    "labels",
    "create_time",
    "name",
    "jobId",
    "a.b.c.d",
    "_a",
)
_SIGNS = ("=", "!=", ">", ">=", "<", "<=", ":", "=~", "!~", "==", "")
_WORDS = (
    *(
        "ERROR",
        "300",
        "99999",
        "*",
        "a*b",
        '"x y"',
        "'x'",
        '"\\""',
        '"(a+)+$"',
        '"(a|a)*b"',
        '"("',
        '"\\\\"',
        "NULL_VALUE",
    ),
    *('"2026-11-21T03:33:37Z"', "2026-11-21", "1e999", "nan", "true", "é", "\x00", '"\\x"', "b", "JOB_STATE_QUEUED"),
    *('"(?P<a>x)(?P=a)"', '"a{1000}{1000}"', '"[[:alpha:]]"', '"(?i)x"', '"' + "a*" * 25 + 'c"', '"' + "(" * 400 + '"'),
)
_HOSTILE = (
    *("(" * 10_000, "NOT " * 5_000, "-" * 5_000, "(" * 5_000 + "a=b" + ")" * 5_000, '"' + "\\" * 9_999, "a=b " * 4_000),
    *("a=" + "*a" * 9_000, "a=b OR " * 2_500, "((a=b) OR " * 50 + "a=b" + ")" * 50, "AND", "OR OR", "a=(b OR", "a=()"),
    *(
        "a.b." * 4_000 + "c=d",
        'a="' + "x" * 20_000 + '"',
        "a:" * 5_000,
        "--" * 5_000,
        "--\n" * 5_000,
        "\ud800=\udfff",
        "²=²",
    ),
    *("name=" + "*a" * 30 + "*", "name=" + "*" * 5_000 + "b", 'textPayload=~"' + "(a+)+" * 10 + 'b"', "a=b)" * 100),
)


def log_filter(choose: Random) -> str:
    return _filter(choose, _FIELDS)


def list_filter(choose: Random) -> str:
    return _filter(choose, _LISTED)


def _filter(choose: Random, fields: tuple[str, ...]) -> str:
    kind = choose.random()
    if kind < 0.1:
        return values.text(choose)
    if kind < 0.13:
        return choose.choice(_HOSTILE)
    found = _expression(choose, fields, choose.choice((0, 1, 2, 4)))
    if kind > 0.85:
        at = choose.randrange(len(found) + 1)
        return found[:at] + choose.choice(("(", ")", '"', "'", "\\", " ", "=", "NOT ", "-", ".", ",", "~")) + found[at:]
    return found


def _expression(choose: Random, fields: tuple[str, ...], depth: int) -> str:
    if depth == 0:
        return f"{choose.choice(fields)}{choose.choice(_SIGNS)}{choose.choice(_WORDS)}"
    one, other = (_expression(choose, fields, choose.randrange(depth)) for _ in range(2))
    return choose.choice(("{} AND {}", "{} OR {}", "({} {})", "NOT ({}) {}", "-{} {}", "{} ({})")).format(one, other)
