"""Which calls a fault strikes, and what is refused as no fault."""

from __future__ import annotations

from typing import Any

import pytest

from submit.emulator.control.faults import FaultBook, FaultError

CALL = ("storage.objects.insert",)


def struck(calls: int, **fault: Any) -> list[int]:
    """The numbers of the calls that a fault strikes."""
    book = FaultBook()
    book.add({"method": "storage.objects.*", "answer": "503", **fault})
    return [n for n in range(calls) if book.take(CALL)]


def test_by_default_the_next_call_fails() -> None:
    assert struck(3) == [0]


def test_so_many_calls_fail_after_so_many_have_passed() -> None:
    assert struck(6, after=2, count=3) == [2, 3, 4]


def test_a_count_of_nothing_is_for_ever() -> None:
    assert struck(50, count=0) == list(range(50))


def test_chance_strikes_the_same_calls_with_the_same_seed() -> None:
    first = struck(200, probability=0.3, seed=7)
    assert first == struck(200, probability=0.3, seed=7)
    assert first != struck(200, probability=0.3, seed=8)
    assert 30 < len(first) < 90


def test_other_methods_pass_and_case_does_not_matter() -> None:
    book = FaultBook()
    book.add({"method": "Storage.Objects.?nsert", "answer": 503})
    assert book.take(("storage.objects.get",)) is None
    assert book.take(CALL)


def test_the_oldest_fault_strikes_first_and_leaves_when_it_is_spent() -> None:
    book = FaultBook()
    for answer in ("503", "hang"):
        book.add({"method": "*", "answer": answer})
    assert [fault.answer for fault in (book.take(CALL), book.take(CALL)) if fault] == ["503", "hang"]
    assert not book


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(FaultError) as caught:
        FaultBook().add({"answer": "rest", "count": -1, "probability": 2, "often": 1})
    lines = str(caught.value).splitlines()
    assert [line.split()[0] for line in lines] == ["`often`", "`method`", "`rest`", "`count`", "`probability`"]
    with pytest.raises(FaultError, match="a JSON object"):
        FaultBook().add(["x"])
