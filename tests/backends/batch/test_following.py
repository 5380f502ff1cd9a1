"""The log of a job in files, read by a real shell."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from submit.backends.batch.following import Cursor, await_change, follow, read
from submit.backends.batch.place import Place, Site
from submit.errors import CommandError
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
        entries, behind, _ = read(commands.run(follow(PLACE, cursor, 0.0)), cursor)
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


def test_a_job_that_is_gone_is_not_waited_for(commands: Commands) -> None:
    commands.run(await_change(PLACE, 600.0))
