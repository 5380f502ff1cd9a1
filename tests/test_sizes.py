from __future__ import annotations

import pytest

from submit.errors import UsageError
from submit.sizes import parse_bytes, show_bytes, show_seconds


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("300MiB", 300 << 20),
        ("2GiB", 2 << 30),
        ("512M", 512 << 20),
        ("1.5k", 1536),
        ("100", 100),
        (7, 7),
        ("4 GB", 4 << 30),
    ],
)
def test_sizes_are_read_as_people_write_them(text: str | int, count: int) -> None:
    assert parse_bytes(text) == count


@pytest.mark.parametrize("text", ["", "GiB", "two", "5 parsecs", "1.2.3M"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is not a size"):
        parse_bytes(text)


def test_sizes_and_times_are_shown_with_their_unit() -> None:
    assert [show_bytes(n) for n in (12, 2048, 5 << 20, 3 << 40)] == ["12 B", "2.0 KiB", "5.0 MiB", "3072.0 GiB"]
    assert [show_seconds(n) for n in (0.42, 12.2, 200, 7500)] == ["0.4 s", "12 s", "3 min 20 s", "2 h 5 min"]
