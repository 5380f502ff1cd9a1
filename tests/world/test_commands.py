"""Programs are really run, on this machine."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from submit.errors import CommandError, ErrorKind, UnansweredError, UnsentError
from submit.steps import Command
from submit.world.commands import Commands


@pytest.fixture
def commands(tmp_path: Path) -> Commands:
    return Commands({"PATH": os.environ["PATH"], "HOME": str(tmp_path)})


def test_a_program_gets_its_input_in_the_home_folder(commands: Commands, tmp_path: Path) -> None:
    assert commands.run(Command(argv=("sh", "-c", "pwd; cat"), stdin="ä\n")) == f"{tmp_path}\nä\n"


def test_words_are_not_taken_for_shell(commands: Commands) -> None:
    assert commands.run(Command(argv=("printf", "%s", "$(id) ; 'a' \"b\""))) == "$(id) ; 'a' \"b\""


def test_what_is_not_utf_8_can_be_had_back(commands: Commands) -> None:
    answer = commands.run(Command(argv=("printf", r"\377\n")))
    assert answer.encode(errors="surrogateescape") == b"\xff\n"


def test_a_failure_has_its_code_and_its_words(commands: Commands) -> None:
    with pytest.raises(CommandError, match="`sh`: it is broken") as caught:
        commands.run(Command(argv=("sh", "-c", "echo it is broken >&2; exit 7")))
    assert (caught.value.code, caught.value.output) == (7, "it is broken")


def test_what_a_program_said_in_several_lines_is_one_without_its_name(commands: Commands) -> None:
    script = "printf 'sh: error: no such queue\nsh: error: refused\n\n' >&2; exit 1"
    with pytest.raises(CommandError, match=r"^`sh`: no such queue; refused$"):
        commands.run(Command(argv=("sh", "-c", script)))


@pytest.mark.parametrize(
    ("argv", "name"),
    [
        (("env", "A=b", "false"), "false"),
        (("sh", "-c", "exit 1", "qstat", "x"), "qstat"),
        (("sh", "-c", "exit 1"), "sh"),
        (("false", "a=b"), "false"),
    ],
)
def test_the_program_that_is_meant_is_named(commands: Commands, argv: tuple[str, ...], name: str) -> None:
    with pytest.raises(CommandError, match=rf"^`{name}`: exit code 1$"):
        commands.run(Command(argv=argv))


@pytest.mark.parametrize(
    "argv",
    [
        ("no-such-program",),
        ("env", "TZ=UTC0", "no-such-program", "-h"),
        ("sh", "-c", "no-such-program -xml || exit", "no-such-program"),
    ],
)
def test_a_program_that_is_not_there_was_never_asked(commands: Commands, argv: tuple[str, ...]) -> None:
    with pytest.raises(UnsentError, match="`no-such-program` is not installed") as caught:
        commands.run(Command(argv=argv))
    assert caught.value.kind is ErrorKind.INVALID
    assert "name a machine that has it" in caught.value.problems[0].hint


def test_one_that_does_not_answer_is_not_waited_for(commands: Commands) -> None:
    began = time.monotonic()
    with pytest.raises(UnansweredError, match=r"`sleep` has not answered within 0.1 s") as caught:
        commands.run(Command(argv=("sleep", "600"), timeout_s=0.1))
    assert caught.value.kind is ErrorKind.TRANSIENT
    assert time.monotonic() - began < 300
