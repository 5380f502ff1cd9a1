"""Streams of bytes as log entries; the clock is given, so nothing here waits."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submit.launcher import ENTRY_BYTES, Lines, Log, Tail, pieces, stated_ns

Entry = tuple[str, str]


class Stream:
    """What came out of `Lines` so far."""

    def __init__(self, default: str = "INFO") -> None:
        self.fields: list[Any] = []
        self.entries: list[Entry] = []
        self.lines = Lines(default, self._emit)

    def _emit(self, severity: str, message: str, fields: Any) -> None:
        self.entries.append((severity, message))
        self.fields.append(fields)

    @property
    def messages(self) -> list[str]:
        return [message for _, message in self.entries]


def read(data: bytes | str, default: str = "INFO") -> list[Entry]:
    stream = Stream(default)
    stream.lines.feed(data.encode() if isinstance(data, str) else data, 0.0)
    stream.lines.close()
    return stream.entries


def test_a_newline_ends_an_entry_and_empty_lines_are_dropped() -> None:
    assert read("a\n\n b \r\n\r\n  \nc") == [("INFO", "a"), ("INFO", " b "), ("INFO", "c")]


def test_bytes_that_are_no_utf_8_are_replaced() -> None:
    assert read(b"a\xff\xe4b\n") == [("INFO", "a\ufffd\ufffdb")]


def test_a_character_may_come_in_two_parts() -> None:
    stream = Stream()
    stream.lines.feed("gr\u00fc".encode()[:-1], 0.0)
    stream.lines.feed("gr\u00fc\n".encode()[-2:], 0.1)
    assert stream.messages == ["gr\u00fc"]


def test_an_unfinished_line_is_an_entry_after_half_a_second() -> None:
    stream = Stream()
    stream.lines.feed(b"loading...", 10.0)
    assert stream.lines.due == 10.5
    stream.lines.expire(10.4)
    assert stream.messages == []
    stream.lines.expire(10.5)
    assert stream.messages == ["loading..."]
    stream.lines.feed(b" done\n", 11.0)
    assert stream.messages == ["loading...", " done"]


@pytest.mark.parametrize("bar", ["\r{:3}%|##", "{:3}%|##\r"])
def test_a_progress_bar_is_an_entry_a_second_with_its_last_state(bar: str) -> None:
    stream = Stream("ERROR")
    for n in range(100):  # 10 s
        stream.lines.expire(n / 10)
        stream.lines.feed(bar.format(n).encode(), n / 10)
    stream.lines.feed(b"\r100%|##\n", 10.0)
    percents = [int(message[:3]) for message in stream.messages]
    assert percents[-1] == 100
    assert 10 <= len(percents) <= 12
    assert all(0 < later - earlier <= 11 for earlier, later in pairwise(percents))


def test_a_slow_progress_bar_is_not_faster_than_an_entry_a_second() -> None:
    stream, emitted_at = Stream(), []
    for n in range(600):  # 30 s, a new state every 0.7 s
        now = n / 20
        before = len(stream.entries)
        stream.lines.expire(now)
        if n % 14 == 0:
            stream.lines.feed(f"\r{n}".encode(), now)
        emitted_at += [now] * (len(stream.entries) - before)
    gaps = [later - earlier for earlier, later in pairwise(emitted_at)]
    assert min(gaps) >= 0.99
    assert len(emitted_at) > 15


def test_a_progress_bar_without_an_end_keeps_its_last_state() -> None:
    assert read("\r1%\r2%\r3%")[-1] == ("INFO", "3%")
    assert read("1%\r2%\r3%\r")[-1] == ("INFO", "3%")


def test_nested_progress_bars_are_one_and_move_no_readers_cursor() -> None:
    """As tqdm writes them: the inner one on the line below, then up again."""
    stream = Stream("ERROR")
    for n in range(50):
        now = n / 10
        stream.lines.expire(now)
        stream.lines.feed(f"\router {n // 10}\n\rinner {n}\x1b[A".encode(), now)
    stream.lines.feed(b"\n\rinner done\x1b[A\router done\n", 5.0)
    assert 5 <= len(stream.messages) <= 8
    assert stream.messages[-1] == "outer done"
    assert "\x1b" not in "".join(stream.messages)


def test_colours_stay_and_what_moves_the_cursor_goes() -> None:
    assert read("\x1b[32mgreen\x1b[0m\n\x1b[A\x1b[2K\n\x1b[2Jtext\x1b[?25h\n") == [
        ("INFO", "\x1b[32mgreen\x1b[0m"),
        ("INFO", "text"),
    ]


def test_a_return_before_a_newline_is_no_progress_bar_even_in_two_parts() -> None:
    stream = Stream()
    stream.lines.feed(b"first\r", 0.0)
    stream.lines.feed(b"\nsecond\r\n", 0.1)
    assert stream.messages == ["first", "second"]


@pytest.mark.parametrize("character", ["x", "\u00fc", "\u20ac", "\U0001f600"])
@pytest.mark.parametrize("end", ["", "\n"])
def test_a_long_line_continues_in_the_next_entry_and_nothing_is_lost(character: str, end: str) -> None:
    stream = Stream()
    text = "a" + character * (3 * ENTRY_BYTES // len(character.encode())) + "z"
    data = (text + end).encode()
    for start in range(0, len(data), 65536):
        stream.lines.feed(data[start : start + 65536], 0.0)
    stream.lines.close()
    assert "".join(stream.messages) == text
    assert max(len(message.encode()) for message in stream.messages) <= ENTRY_BYTES
    assert len(stream.messages) == 4


def test_bytes_that_are_no_text_at_all_are_cut_as_well() -> None:
    assert len(read(b"\x80" * (ENTRY_BYTES + 10))) >= 2


@given(
    st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=20)),
    st.integers(1, 9),
)
def test_no_line_depends_on_how_the_bytes_came(lines: list[str], size: int) -> None:
    data = "".join(line + "\n" for line in lines).encode()
    stream = Stream()
    for start in range(0, len(data), size):
        stream.lines.feed(data[start : start + size], 0.0)
    stream.lines.close()
    assert stream.entries == read(data)


@given(st.text(max_size=50))
def test_pieces_are_the_text(text: str) -> None:
    assert list(pieces(text)) == [text]


# ----------------------------------------------------------------------------------------------------- tracebacks


def stderr_of(source: str) -> str:
    """What CPython itself writes."""
    return subprocess.run([sys.executable, "-I", "-c", source], capture_output=True, text=True, check=False).stderr


PLAIN = stderr_of("import json\njson.loads('{')")
CHAINED = stderr_of(
    "try:\n  1/0\nexcept Exception as e:\n  try:\n    int('x')\n  except Exception as f: raise KeyError(1) from f"
)
GROUP = stderr_of("def f(): raise ExceptionGroup('many', [ValueError(1), ExceptionGroup('in', [KeyError(2)])])\nf()")
GROUP_IN_CHAIN = stderr_of("try:\n  1/0\nexcept Exception:\n  raise ExceptionGroup('many', [ValueError(1)])")
TRACEBACKS = {"plain": PLAIN, "chained": CHAINED, "group": GROUP, "group in a chain": GROUP_IN_CHAIN}


@pytest.mark.parametrize("text", TRACEBACKS.values(), ids=TRACEBACKS)
def test_a_traceback_is_one_entry(text: str) -> None:
    assert text.count("Traceback") >= 1
    assert read(f"before\n{text}after\n") == [("INFO", "before"), ("ERROR", text.rstrip("\n")), ("INFO", "after")]


@pytest.mark.parametrize("text", TRACEBACKS.values(), ids=TRACEBACKS)
def test_a_traceback_may_end_the_stream(text: str) -> None:
    assert read(text) == [("ERROR", text.rstrip("\n"))]
    assert read(text.rstrip("\n")) == [("ERROR", text.rstrip("\n"))]


@pytest.mark.parametrize("text", TRACEBACKS.values(), ids=TRACEBACKS)
def test_a_traceback_that_comes_line_by_line_is_one_entry(text: str) -> None:
    stream = Stream("ERROR")
    for line in text.splitlines(keepends=True):
        stream.lines.feed(line.encode(), 0.0)
    assert stream.entries == []
    stream.lines.expire(0.5)
    assert stream.messages == [text.rstrip("\n")]


def test_two_tracebacks_are_two_entries() -> None:
    assert read(PLAIN + PLAIN) == [("ERROR", PLAIN.rstrip("\n"))] * 2


def test_a_traceback_behind_an_unfinished_line_begins_an_entry() -> None:
    assert read("50%|### " + PLAIN) == [("INFO", "50%|### "), ("ERROR", PLAIN.rstrip("\n"))]


def test_a_logged_traceback_keeps_its_prefix() -> None:
    logged = "ERROR:root:" + PLAIN.rstrip("\n")
    assert read(logged + "\nINFO:root:next") == [("ERROR", logged), ("INFO", "INFO:root:next")]


def test_a_traceback_on_stdout_is_an_error_too() -> None:
    assert read(PLAIN, "INFO")[0][0] == "ERROR"


def test_indented_lines_that_follow_the_exception_belong_to_it() -> None:
    text = 'Traceback (most recent call last):\n  File "x", line 1, in f\nValueError: a\n  b'
    assert read(text + "\nc") == [("ERROR", text), ("INFO", "c")]


def test_an_endless_traceback_is_cut_and_nothing_is_lost() -> None:
    text = "Traceback (most recent call last):\n" + "  line of code\n" * 40_000
    entries = read(text)
    assert [line for _, message in entries for line in message.split("\n")] == text.rstrip("\n").split("\n")
    assert max(len(message) for _, message in entries) <= ENTRY_BYTES


# ----------------------------------------------------------------------------------------------------- severities


@pytest.mark.parametrize(
    ("line", "severity"),
    [
        ("plain", "ERROR"),
        ("INFO:root:text", "INFO"),
        ("WARNING:absl:text", "WARNING"),
        ("DEBUG text", "DEBUG"),
        ("CRITICAL: text", "CRITICAL"),
        ("INFORMATION desk", "ERROR"),
        ("[INFO] text", "INFO"),
        ("W1120 01:02:03.400000 1 file.cc:1] text", "WARNING"),
        ("I0000 00:00:1732161600.1 1 port.cc:153] oneDNN", "INFO"),
        ("F1120 01:02:03.4 1 a.cc:1] text", "CRITICAL"),
        ("2026-11-20 01:02:03.456789: W tensorflow/core/x.cc:1] text", "WARNING"),
        ("2026-11-20 10:00:00,123 - INFO - text", "INFO"),
        ("2026-11-20 10:00:00,123 - my.module - WARNING - text", "WARNING"),
        ("2026-11-20 10:00:00,123 DEBUG text", "DEBUG"),
        ("2026-11-20T10:00:00Z | INFO     | main", "INFO"),
        ("[2026-11-20 10:00:00,123][my.module][INFO] - text", "INFO"),
        ("2026-11-20 10:00:00 nothing said", "ERROR"),
        ("/a/b.py:3: UserWarning: text", "WARNING"),
        ("DeprecationWarning: text", "WARNING"),
        ("see Warning: not at the start", "ERROR"),
        ("[rank0]:[W1120 01:02:03.4 x.cpp:1] Warning: text", "WARNING"),
        ("10 of 20 done", "ERROR"),
        ("[WARNING|trainer.py:3] 2026-11-20 01:02:03,4 >> text", "WARNING"),
        ("[11/20/26 01:02:03] INFO     text", "INFO"),
        ("\x1b[33mWARNING:root:text\x1b[0m", "WARNING"),
    ],
)
def test_what_a_line_says_of_itself_wins(line: str, severity: str) -> None:
    assert read(line + "\n", "ERROR") == [(severity, line)]


@pytest.mark.parametrize(
    ("line", "entry", "fields"),
    [
        ({"severity": "ERROR", "message": "m"}, ("ERROR", "m"), None),
        ({"severity": "warn", "message": "m", "x": [1]}, ("WARNING", "m"), {"x": [1]}),
        ({"levelname": "DEBUG", "message": "m"}, ("DEBUG", "m"), None),
        ({"severity": "odd", "message": "m"}, ("INFO", "m"), {"severity": "odd"}),
        ({"severity": "INFO", "level": 7, "message": "m"}, ("INFO", "m"), {"level": 7}),
        ({"message": "INFO:root:m"}, ("INFO", "INFO:root:m"), None),
        ({"severity": "NOTICE", "step": 1}, ("NOTICE", ""), {"step": 1}),
        ({"loss": 0.5, "step": 10}, ("INFO", ""), {"loss": 0.5, "step": 10}),
        ({"message": 42, "a": 1}, ("INFO", "42"), {"a": 1}),
        ({"message": {"a": 1}}, ("INFO", '{"a": 1}'), None),
        (
            {"message": "Traceback (most recent call last):\n x"},
            ("INFO", "Traceback (most recent call last):\n x"),
            None,
        ),
    ],
)
def test_json_lines_are_lifted(line: dict[str, Any], entry: Entry, fields: Any) -> None:
    stream = Stream()
    stream.lines.feed(json.dumps(line).encode() + b"\n", 0.0)
    assert stream.entries == [entry]
    assert stream.fields == [fields]


@pytest.mark.parametrize("line", ["{not json}", '{"message": ', "{}", "[" * 9, '{"a":' * 70 + "1" + "}" * 70, "[1]"])
def test_other_json_is_text(line: str) -> None:
    stream = Stream()
    stream.lines.feed(line.encode() + b"\n", 0.0)
    assert (stream.messages, stream.fields) == ([line], [None])


def test_a_json_line_that_says_nothing_is_as_an_empty_one() -> None:
    assert read('{"message": ""}\n') == []


def test_numbers_that_json_does_not_have_do_not_spoil_the_fields() -> None:
    stream = Stream()
    stream.lines.feed(b'{"message": "m", "loss": NaN, "best": Infinity, "x": 1e999}\n', 0.0)
    assert stream.fields == [{"loss": "NaN", "best": "Infinity", "x": math.inf}]


SECOND = 1_763_686_923 * 10**9  # 2025-11-21T01:02:03Z


@pytest.mark.parametrize(
    ("fields", "ns"),
    [
        ({"time": "2025-11-21T01:02:03Z"}, SECOND),
        ({"timestamp": "2025-11-21T01:02:03.5+00:00"}, SECOND + 5 * 10**8),
        ({"time": "2025-11-20T19:32:03.000000001-05:30"}, SECOND + 1),
        ({"time": "now", "timestamp": {"seconds": 7, "nanos": 1}}, 7 * 10**9 + 1),
        ({"timestampSeconds": "7", "timestampNanos": 5}, 7 * 10**9 + 5),
        ({"time": "2025-11-21 01:02:03"}, 0),  # of which zone?
        ({"time": "2025-99-99T01:02:03Zulu", "timestamp": 12.5}, 0),
        ({"time": "2025-13-01T01:02:03Z", "timestamp": "0000-01-01T01:02:03Z"}, 0),
        ({"timestampSeconds": {}}, 0),
        ({"loss": 1}, 0),
    ],
)
def test_a_json_line_may_say_its_time(fields: dict[str, Any], ns: int) -> None:
    assert stated_ns(fields)[0] == ns


@pytest.mark.parametrize(
    ("moment", "is_taken"), [("2001-01-01T00:00:00.5Z", True), ("2999-01-01T00:00:00Z", False), ("then", False)]
)
def test_a_stated_time_is_taken_if_it_fits_in(tmp_path: Path, moment: str, is_taken: bool) -> None:
    log = Log({"log": str(tmp_path / "log"), "replica": "workerpool0-0", "trial": None, "restart": 0})
    log.add("INFO", "m", "stdout", {"time": moment, "x": 1})
    log.add("INFO", "m", "stdout", {"time": "2000-01-01T00:00:00Z"})  # older than the one before
    log.write()
    first, second = (json.loads(line) for line in (tmp_path / "log").read_text().splitlines())
    assert (first["time"] == "2001-01-01T00:00:00.500000000Z") is is_taken
    assert first["fields"] == ({"x": 1} if is_taken else {"time": moment, "x": 1})
    assert second["time"] > first["time"]
    assert second["fields"] == {"time": "2000-01-01T00:00:00Z"}


# ----------------------------------------------------------------------------------------------------------- tail


def test_a_tail_begins_with_the_last_traceback() -> None:
    tail = Tail()
    for text in ("noise", PLAIN, "noise", CHAINED.rstrip("\n"), "after"):
        tail.add(text)
    assert str(tail) == CHAINED + "after"


def test_a_tail_of_much_text_is_its_end() -> None:
    tail = Tail()
    for n in range(10_000):
        tail.add(f"line {n}")
    assert str(tail).startswith("[...]\nline 9")
    assert str(tail).endswith("line 9998\nline 9999")
    assert 2000 < len(str(tail)) <= 2048
