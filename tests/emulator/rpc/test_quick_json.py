"""Quick JSON is the same as any other."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submit.emulator.rpc.quick_json import dumps, loads

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=9)
integers = st.integers(-(1 << 63), (1 << 64) - 1)
scalars = st.none() | st.booleans() | integers | st.floats(allow_nan=False, allow_infinity=False) | texts
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=9)


@given(values)
def test_any_value_is_the_same_again(value: object) -> None:
    assert json.loads(dumps(value)) == value == loads(json.dumps(value).encode())


@given(st.integers(-(1 << 200), 1 << 200))
def test_of_whole_numbers_that_need_more_than_64_bits_a_double_is_read(number: int) -> None:
    assert json.loads(dumps(number)) == number
    assert float(loads(str(number).encode())) == float(number)


def test_numbers_that_are_none_are_texts() -> None:
    assert loads(b"[NaN, -Infinity]") == ["NaN", "-Infinity"]


def test_half_of_a_character_is_kept_for_whoever_knows_what_to_do_with_it() -> None:
    assert loads(b'"\\ud800"') == "\ud800"


@pytest.mark.parametrize("text", [b"", b"[1", b"[1]]", b"\xff", b"nothing"])
def test_what_is_no_json_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - json's, orjson's and that of Unicode are of this kind
        loads(text)
