"""The log of a job in files, read by a real shell."""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from submit.backends.batch.following import FILES, Cursor, await_change, follow, read
from submit.backends.batch.place import Place, Site
from submit.errors import CommandError
from submit.steps import Command
from submit.world.commands import Commands

PLACE = Place(site=Site(host="", folder="~/.jobdir"), key="digits")

Page = Callable[[Cursor], tuple[list[str], Cursor]]


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    folder = tmp_path / ".jobdir" / "jobs" / "digits" / "logs"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def commands(tmp_path: Path) -> Commands:
    return Commands({"PATH": os.environ["PATH"], "HOME": str(tmp_path)})


@pytest.fixture
def page(commands: Commands) -> Page:
    def page(cursor: Cursor) -> tuple[list[str], Cursor]:
        entries, behind = read(commands.run(follow(PLACE, cursor, 0.0)), cursor)
        return [entry.message for entry in entries], behind

    return page


def line(second: int, message: str) -> str:
    return json.dumps({"time": f"2026-11-26T07:00:{second:02}Z", "message": message}, ensure_ascii=False) + "\n"


def test_each_file_is_read_on_from_where_it_was_left(logs: Path, page: Page) -> None:
    chief, worker = logs / "workerpool0-0.0.jsonl", logs / "workerpool1-0.0.jsonl"
    chief.write_text(line(1, "a") + line(3, "ü"))
    worker.write_text(line(2, "b"))
    messages, cursor = page(Cursor())
    assert messages == ["a", "b", "ü"]

    with worker.open("a") as file:
        file.write(line(4, "c"))
    messages, cursor = page(Cursor.parse(str(cursor)))
    assert messages == ["c"]
    assert page(cursor)[0] == []


def test_a_line_is_taken_when_it_is_whole(logs: Path, page: Page) -> None:
    file, text = logs / "workerpool0-0.0.jsonl", line(1, "halb ü")
    file.write_bytes(text.encode()[:-4])
    messages, cursor = page(Cursor())
    assert messages == []
    file.write_text(text)
    assert page(cursor)[0] == ["halb ü"]


def test_a_job_without_a_log_has_nothing_to_say_and_one_that_never_was_is_an_error(logs: Path, page: Page) -> None:
    logs.rmdir()
    assert page(Cursor())[0] == []
    logs.parent.rmdir()
    with pytest.raises(CommandError) as caught:
        page(Cursor())
    assert caught.value.code == 44


class Counted:
    """A shell whose programs are counted, for a job's folder."""

    def __init__(self, home: Path) -> None:
        self.folder = home / ".jobdir" / "jobs" / "digits"
        (self.folder / "logs").mkdir(parents=True)
        self._calls, bin_ = home / "calls", home / "bin"
        bin_.mkdir()
        for name in ("cat", "find", "awk", "sort", "dd", "sleep"):
            script = bin_ / name
            script.write_text(f'#!/bin/sh\necho {name} >> {self._calls}\nexec {shutil.which(name)} "$@"\n')
            script.chmod(0o755)
        self._commands = Commands({"PATH": f"{bin_}:{os.environ['PATH']}", "HOME": str(home)})

    def page(self, cursor: Cursor, wait_s: float, element: str = "") -> tuple[list[str], Cursor, Counter[str]]:
        """What a page has, the cursor behind it, and which programs were started how often."""
        answer, programs = self.run(follow(self.place(element), cursor, wait_s))
        entries, behind = read(answer, cursor)
        return [entry.message for entry in entries], behind, programs

    def place(self, element: str) -> Place:
        return PLACE._replace(element=element)

    def run(self, command: Command) -> tuple[str, Counter[str]]:
        self._calls.write_text("")
        return self._commands.run(command), Counter(self._calls.read_text().split())


def test_a_thousand_elements_are_followed_by_a_bounded_number_of_programs(tmp_path: Path) -> None:
    shell = Counted(tmp_path)
    for number in range(1, 1001):
        (shell.folder / "logs" / f"{number}.workerpool0-0.0.jsonl").write_text(line(1, f"of {number}"))
        (shell.folder / f"fence.{number}.0").touch()
        (shell.folder / f"stop.{number}.0").touch()
    cursor, messages = Cursor(), list[str]()
    while cursor.more or not messages:
        page, cursor, programs = shell.page(cursor, 0.1)
        assert programs.total() < FILES + 12
        messages += page
    assert sorted(messages) == sorted(f"of {number}" for number in range(1, 1001))

    page, cursor, programs = shell.page(cursor, 0.1)
    assert page == []
    assert programs == {"cat": 1, "sleep": 1, "find": 1, "awk": 1}, "it waits first, and looks once"


def test_a_silent_job_costs_a_look_at_its_files_ten_times_a_second(tmp_path: Path) -> None:
    shell = Counted(tmp_path)
    (shell.folder / "logs" / "workerpool0-0.0.jsonl").write_text(line(1, "a"))
    (shell.folder / "fence.0").touch()
    _, cursor, _ = shell.page(Cursor(), 0.0)
    page, _, programs = shell.page(cursor, 0.5)
    assert page == []
    assert programs == {"cat": 1, "sleep": 5, "find": 6, "awk": 1}


def test_an_element_is_followed_alone(tmp_path: Path) -> None:
    shell = Counted(tmp_path)
    for number in (1, 7, 17, 71):
        (shell.folder / "logs" / f"{number}.workerpool0-0.0.jsonl").write_text(line(1, f"of {number}"))
    messages, cursor, _ = shell.page(Cursor(), 0.0, element="7")
    assert messages == ["of 7"]
    assert list(cursor.positions) == ["7.workerpool0-0.0.jsonl"]


@pytest.mark.parametrize(
    ("marks", "element", "waits"),
    [
        ((), "", True),
        (("fence.0",), "", True),
        (("fence.0", "stop.0"), "", False),
        (("fence.0", "stop.0", "fence.1"), "", True),
        (("fence.0", "stop.0", "fence.1", "stop.1"), "", False),
        (("fence.1.0", "stop.1.0"), "", True),
        (("fence.1.0", "stop.1.0"), "1", False),
        (("fence.1.0", "stop.1.0", "fence.1.1"), "1", True),
        (("fence.1.0", "stop.1.0", "fence.11.0"), "11", True),
    ],
)
def test_nobody_waits_for_a_run_that_is_over_nor_hurries_for_one_that_has_begun_again(
    tmp_path: Path, marks: tuple[str, ...], element: str, waits: bool
) -> None:
    shell = Counted(tmp_path)
    for mark in marks:
        (shell.folder / mark).touch()
    _, _, programs = shell.page(Cursor(), 0.3, element)
    assert programs["sleep"] == (3 if waits else 0)


def test_the_scheduler_is_asked_ever_more_seldom() -> None:
    assert [idle for idle in range(30) if Cursor(idle=idle).is_due] == [0, 1, 2, 4, 8, 16, 24]


def test_a_run_that_ends_is_noticed_at_once(logs: Path, commands: Commands) -> None:
    """The command's own limit is a minute: it would fail if it waited for so long."""
    goes_on = threading.Event()

    def end_one_run_after_the_other() -> None:
        number = 0
        while not goes_on.wait(0.05):
            (logs.parent / f"stop.{number}").touch()
            number += 1

    runs = threading.Thread(target=end_one_run_after_the_other)
    runs.start()
    try:
        commands.run(await_change(PLACE, 600.0))
    finally:
        goes_on.set()
        runs.join()


@pytest.mark.parametrize("wait_s", [0.25, 0.001])
def test_what_does_not_change_is_waited_for_so_long(logs: Path, commands: Commands, wait_s: float) -> None:
    (logs.parent / "fence.0").touch()
    (logs.parent / "stop.0").touch()
    begin = time.monotonic()
    commands.run(await_change(PLACE, wait_s))
    assert time.monotonic() - begin >= max(0.1, wait_s)


@pytest.mark.parametrize(("element", "sleeps"), [("", 1), ("7", 3), ("8", 3)])
def test_changes_of_elements_are_no_change_of_their_array(tmp_path: Path, element: str, sleeps: int) -> None:
    """It is waited for as a whole, in one go; an element by what is its own."""
    shell = Counted(tmp_path)
    (shell.folder / "fence.7.0").touch()
    assert shell.run(await_change(shell.place(element), 0.3))[1]["sleep"] == sleeps


def test_a_job_that_is_gone_is_not_waited_for(commands: Commands) -> None:
    commands.run(await_change(PLACE, 600.0))
