from __future__ import annotations

import json
from pathlib import Path

from submit.engine.journal import ServiceLog, Writer, drop_unfinished_line, end_torn_line, read_page


def test_an_unfinished_line_is_not_there_yet(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("one\ntw")
    assert read_page(log, 0, 100) == ("one\n", 4)
    log.write_text("one\ntwo\n")
    assert read_page(log, 4, 100) == ("two\n", 8)
    assert read_page(log, 8, 100) == ("", 8)


def test_a_line_longer_than_the_limit_is_given_whole(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("x" * 50 + "\n" + "y" * 50 + "\n")
    assert read_page(log, 0, 16) == ("x" * 50 + "\n", 51)


def test_characters_are_not_cut(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("ä\nöü\n")
    assert read_page(log, 0, 4) == ("ä\n", 3)


def test_a_log_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert read_page(tmp_path / "log", 0, 100) == ("", 0)
    drop_unfinished_line(tmp_path / "log")
    assert not (tmp_path / "log").exists()


def test_what_a_killed_writer_left_is_dropped(tmp_path: Path) -> None:
    log = tmp_path / "log"
    for before, after in (("one\ntw", "one\n"), ("one\n", "one\n"), ("on", ""), ("", "")):
        log.write_text(before)
        drop_unfinished_line(log)
        assert log.read_text() == after


def test_a_torn_line_is_ended_before_the_next_one(tmp_path: Path) -> None:
    log = tmp_path / "log"
    for before, after in (("one\ntw", "one\ntw\n"), ("one\n", "one\n"), ("", "")):
        log.write_text(before)
        end_torn_line(log)
        assert log.read_text() == after


def test_text_that_is_no_unicode_is_said_all_the_same(tmp_path: Path) -> None:
    log = ServiceLog(tmp_path / "log", Writer.SUPERVISOR)
    log.say("half \ud800 a character")
    log.close()
    assert json.loads((tmp_path / "log").read_text())["message"] == "half \ud800 a character"


def test_the_service_speaks_in_whole_lines(tmp_path: Path) -> None:
    log = ServiceLog(tmp_path / "log", Writer.SUPERVISOR)
    log.say("Job is running.")
    log.say("two\nlines", severity="ERROR", trial="2")
    log.close()
    first, second = (json.loads(line) for line in (tmp_path / "log").read_text().splitlines())
    assert (first["replica"], first["severity"], first["message"]) == ("service", "INFO", "Job is running.")
    assert (second["severity"], second["message"], second["trial"]) == ("ERROR", "two\nlines", "2")
    assert (first["id"], second["id"]) == ("service.1.0", "service.1.1")
