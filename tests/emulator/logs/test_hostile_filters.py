"""Thousands of filters, many of which would keep a naive reader busy for ever or exhaust its stack."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from bench.reliability.fuzzing import filters
from submit.emulator.logs.narrowing import period, required, without_upper_bound
from submit.emulator.logs.predicate import predicate
from submit.emulator.logs.syntax import parse
from submit.emulator.logs.tokens import FilterError
from submit.emulator.rpc.errors import RpcError
from submit.emulator.services.listing import matching, ordered
from submit.emulator.storage.errors import StorageError
from submit.emulator.storage.globs import compiled

ENTRY = {
    "logName": "projects/demo/logs/x",
    "resource": {"type": "ml_job", "labels": {"job_id": "42"}},
    "timestamp": "2026-11-21T03:33:37.123456789Z",
    "severity": "WARNING",
    "labels": {"x/y": "a" * 40, "a": "a" * 40},
    "textPayload": "a" * 1000 + "!",
    "jsonPayload": {"a": {"b": ["a" * 30, 1, True, None, 1e300]}},
}
ITEM = {
    "name": "a" * 1000,
    "displayName": "a" * 128,
    "state": "JOB_STATE_QUEUED",
    "labels": {"a": "b", "a_b": "c"},
    "a": {"b": {"c": {"d": [1]}}},
}


def judged(text: str) -> bool | str:
    try:
        node = parse(text)
        period(node), required(node, ("resource", "labels", "job_id")), predicate(without_upper_bound(node))(ENTRY)
        return predicate(node)(ENTRY)
    except FilterError as error:
        return str(error)


def listed(text: str) -> list[Any] | str:
    try:
        return ordered(matching([ITEM] * 3, text), "name")
    except RpcError as error:
        return error.code


def test_five_thousand_log_filters_are_answers_or_errors() -> None:
    found = [judged(filters.log_filter(Random(number))) for number in range(5000)]
    assert len([each for each in found if each is True]) > 100
    assert len([each for each in found if each is False]) > 100
    assert all(each.startswith("Unparseable filter: ") for each in found if isinstance(each, str))


def test_five_thousand_filters_of_lists_are_answers_or_errors() -> None:
    found = [listed(filters.list_filter(Random(number))) for number in range(5000)]
    assert found.count([]) > 100
    assert found.count([ITEM] * 3) > 100
    assert {each for each in found if isinstance(each, str)} == {"INVALID_ARGUMENT"}


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*b", "a*" * 25 + "c", "(a+)+" * 10 + "b"])
def test_a_pattern_of_a_log_filter_is_searched_in_linear_time(pattern: str) -> None:
    assert judged(f'textPayload=~"{pattern}"') is False


@pytest.mark.parametrize(
    ("wanted", "holds"),
    [
        *(
            ("*", True),
            ("a*", True),
            ("*a", True),
            ("a*a", True),
            ("*a*a*", True),
            ("*" * 900, True),
            ("*a" * 400, True),
        ),
        *(("*b*", False), ("b*", False), ("*b", False), ("*a" * 30 + "*b", False), ("a*" * 900 + "b", False)),
        *(("a" * 1000 + "*", True), ("a" * 600 + "*" + "a" * 600, False), ("a*a" + "a" * 999, False)),
    ],
)
def test_stars_in_a_filter_of_a_list_stand_for_any_text(wanted: str, holds: bool) -> None:
    assert (listed(f"name={wanted}") == [ITEM] * 3) is holds


@pytest.mark.parametrize("text", ["(" * 10_000, "NOT " * 5_000, "- " * 5_000, "(" * 500 + "a=b" + ")" * 500])
def test_a_filter_that_is_nested_too_deeply_is_refused(text: str) -> None:
    assert listed(text) == "INVALID_ARGUMENT"
    assert str(judged(text)).startswith("Unparseable filter: ")


def test_a_path_may_have_thousands_of_parts() -> None:
    assert listed("a." * 4_000 + "b=c") == []
    assert listed("a.b.c.d:1") == [ITEM] * 3
    assert listed("labels.a_b=c") == [ITEM] * 3


@pytest.mark.parametrize("glob", ["*a" * 40 + "b", "**a" * 40 + "b", "{a,a}" * 200 + "b", "{*a,*a}" * 30 + "b"])
def test_a_glob_is_matched_in_linear_time(glob: str) -> None:
    assert not compiled(glob).fullmatch("a" * 1000)


@pytest.mark.parametrize("glob", ["[z-a]", "{"])
def test_a_glob_that_is_none_is_refused(glob: str) -> None:
    with pytest.raises(StorageError):
        compiled(glob)


@pytest.mark.parametrize("name", ["a\x00b", "a\nb", "a#b-c ~&é日本", "a\\b", "[a]"])
def test_letters_of_a_glob_stand_for_themselves(name: str) -> None:
    assert compiled(name.replace("[", "[[]", 1)).fullmatch(name)
    assert not compiled(name.replace("[", "[[]", 1)).fullmatch(name + "x")
