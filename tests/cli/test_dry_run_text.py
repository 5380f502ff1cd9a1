"""A dry run as people and programs read it, where a step is for another machine."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

from submit.cli.dry_run import step_json, step_lines
from submit.steps import Command, Upload

UPLOAD = Upload(data=b"code", to="~/.jobdir/a.tar.gz", digest="d1", host="login")
COMMAND = Command(argv=("sbatch", "--comment=it's"), stdin="#!/bin/sh\ntrue\n", host="login")


def test_the_machine_is_named_and_the_line_can_be_copied() -> None:
    assert step_lines(1, UPLOAD)[0] == "1. upload 4 B to login:~/.jobdir/a.tar.gz"
    label, line, *script = step_lines(2, COMMAND)
    assert label == "2. run"
    assert shlex.split(line) == ["ssh", "login", shlex.join(COMMAND.argv), "<<EOF"]
    assert script == ["#!/bin/sh", "true", "EOF"]


def test_what_is_shown_can_be_pasted_into_a_shell(tmp_path: Path) -> None:
    """As it stands: a script with an end of its own, quotes and expansions, from another folder than the home."""
    script = "EOF\n$HOME `id` 'a' \"b\" \\\n\u2028|\x85|\n"
    _, *lines = step_lines(1, Command(argv=("sh", "-c", "pwd; cat"), stdin=script))
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    done = subprocess.run(["sh"], input="\n".join(lines), env=environ, capture_output=True, text=True, check=True)
    assert done.stdout == f"{tmp_path}\n{script}"
    (line,) = step_lines(1, Command(argv=("echo", "a b")))
    assert line == "1. run (cd && echo 'a b')"


def test_programs_find_it_by_its_key() -> None:
    assert step_json(UPLOAD)["host"] == step_json(COMMAND)["host"] == "login"
    assert "host" not in step_json(Command(argv=("true",)))
