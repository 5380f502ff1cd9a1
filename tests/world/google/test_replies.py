"""Answers as they are read."""

from __future__ import annotations

import json

import pytest

from submit.errors import ServiceError
from submit.world.google import replies

PAGE = {"entries": [{"insertId": f"{n}", "jsonPayload": {"message": "ü" * 20, "loss": 0.5}} for n in range(1000)]}


def test_a_large_answer_is_read_as_any_other() -> None:
    assert replies.read(200, json.dumps(PAGE).encode(), "Cloud Logging") == PAGE
    assert replies.read(200, json.dumps(PAGE, ensure_ascii=False, indent=1).encode(), "Cloud Logging") == PAGE


@pytest.mark.parametrize("odd", [float("inf"), "\ud800"])
def test_what_only_the_standard_library_reads_is_read_in_a_large_answer_too(odd: object) -> None:
    page = {**PAGE, "odd": odd}
    assert replies.read(200, json.dumps(page).encode(), "Cloud Logging") == page


def test_a_large_answer_that_is_no_json_is_told() -> None:
    with pytest.raises(ServiceError, match="Cloud Logging: the answer is not JSON: <html>"):
        replies.read(200, b"<html>" * 10_000, "Cloud Logging")
