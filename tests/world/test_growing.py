"""Files that others write, read through rotation, truncation and half-written lines."""

from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from submit.job import Json, JsonObject, LogPage
from submit.logs import files
from submit.steps import Read, Reply, Step, carry_out
from submit.world import growing


class Log:
    """A log file and somebody who reads it from time to time, each time anew."""

    def __init__(self, path: Path) -> None:
        self.path, self.cursor = path, ""
        self.seen: list[str] = []

    def write(self, *messages: str, end: str = "\n") -> None:
        with self.path.open("a") as file:
            file.write("\n".join(json.dumps({"message": message}) for message in messages) + end)

    def page(self, wait_s: float = 0.0, *, ended: bool = False) -> LogPage:
        page = carry_out(files.page(str(self.path), self.cursor, wait_s, ended=ended), self._perform)
        self.cursor = str(page.cursor)
        self.seen += [entry.message for entry in page.entries]
        return page

    def read(self) -> list[str]:
        """What is new."""
        before = len(self.seen)
        while self.page().more:
            pass
        return self.seen[before:]

    def rotate(self, suffix: str = ".1") -> None:
        self.path.rename(self.path.with_name(self.path.name + suffix))

    def _perform(self, step: Step) -> Reply:
        assert isinstance(step, Read)
        return growing.read(self.path, step.file, step.position, wait_s=step.wait_s, limit=64)


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path / "log.jsonl")


def test_lines_are_read_as_they_are_written(log: Log) -> None:
    assert log.read() == []
    log.write("one", "two")
    assert log.read() == ["one", "two"]
    assert log.read() == []
    log.write("three " * 100)
    assert log.read() == ["three " * 100]


def test_a_line_that_is_half_written_is_waited_for(log: Log) -> None:
    log.write("half", end="")
    assert log.read() == []
    log.write("", end="\n")
    assert log.seen == []
    assert [m for m in log.read() if m] == ["half"]


def test_a_rotated_file_is_read_to_its_end_before_the_new_one(log: Log) -> None:
    log.write("one", "two")
    log.page()
    log.write("three")
    log.rotate()
    assert log.read() == ["three"]
    with log.path.with_name("log.jsonl.1").open("a") as late:  # who had it open goes on until it looks
        late.write('{"message": "four"}\n{"message": "torn"')
    log.write("five")
    assert log.read() == ["four", '{"message": "torn"', "five"]


def test_a_file_that_was_rotated_and_removed_is_followed_by_the_new_one(log: Log) -> None:
    log.write("one")
    log.read()
    log.path.unlink()
    assert log.read() == []
    Path(log.path.parent, "taken").write_text("another file takes the inode")
    log.write("two")
    assert log.read() == ["two"]


def test_a_truncated_file_is_read_from_its_beginning(log: Log) -> None:
    log.write("a long line", "another one")
    log.read()
    log.path.write_text("")
    assert log.read() == []
    log.write("new")
    assert log.read() == ["new"]


def test_the_end_is_when_everything_is_read(log: Log) -> None:
    log.write(*(f"line {n}" for n in range(20)))
    assert not log.page(ended=True).ended
    while not log.page(wait_s=60.0, ended=True).ended:
        pass
    assert log.seen == [f"line {n}" for n in range(20)]


def test_binary_is_text_with_replacements(log: Log) -> None:
    log.path.write_bytes(b"\xff\xfe\n")
    assert log.read() == ["\ufffd\ufffd"]


def test_a_wait_ends_with_the_first_line(log: Log) -> None:
    begin = time.monotonic()
    threading.Timer(0.2, log.write, ["now"]).start()
    while not log.seen:
        log.page(wait_s=60.0)
    assert time.monotonic() - begin < 30


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(["write", "read", "rotate", "page"]), max_size=30))
def test_any_rotations_between_any_reads_lose_and_repeat_nothing(
    tmp_path_factory: pytest.TempPathFactory, acts: list[str]
) -> None:
    log = Log(tmp_path_factory.mktemp("any") / "log.jsonl")
    written: list[str] = []
    for number, act in enumerate(acts):
        match act:
            case "write":
                log.write(f"n{number}")
                written.append(f"n{number}")
            case "rotate" if log.path.exists() and log.cursor:
                log.rotate(f".{number}")
                changed = (1000 + number) * 10**9
                os.utime(log.path.with_name(f"log.jsonl.{number}"), ns=(changed, changed))
            case "read":
                log.read()
            case "page":
                log.page()
    log.write("last")
    log.read()
    assert log.seen == [*written, "last"]


def test_files_that_were_there_before_are_no_part_of_the_log(log: Log) -> None:
    log.write("before")
    log.rotate()
    assert log.read() == []
    log.write("new")
    Path(log.path.parent, "log.jsonl.lock").write_text("no part of it")
    assert log.read() == ["new"]
    assert log.read() == []


def test_the_answer_of_the_door_has_what_its_page_needs(log: Log) -> None:
    log.write("one")
    answer: JsonObject = growing.read(log.path, "", 0, wait_s=0.0, limit=10)
    expected: Json = {"data": '{"message": "one"}\n', "file": answer["file"], "position": 19, "more": False}
    assert answer == expected
