"""A dry run as people and programs read it, where a step is for another machine."""

from __future__ import annotations

import shlex

from submit.cli.dry_run import step_json, step_lines
from submit.steps import Command, Upload

UPLOAD = Upload(data=b"code", to="~/.jobdir/a.tar.gz", digest="d1", host="login")
COMMAND = Command(argv=("sbatch", "--comment=it's"), stdin="#!/bin/sh\ntrue\n", host="login")


def test_the_machine_is_named_and_the_line_can_be_copied() -> None:
    assert step_lines(1, UPLOAD)[0] == "1. upload 4 B to login:~/.jobdir/a.tar.gz"
    first, *script = step_lines(2, COMMAND)
    assert shlex.split(first.removeprefix("2. run ")) == ["ssh", "login", shlex.join(COMMAND.argv)]
    assert script == ["   | #!/bin/sh", "   | true"]


def test_programs_find_it_by_its_key() -> None:
    assert step_json(UPLOAD)["host"] == step_json(COMMAND)["host"] == "login"
    assert "host" not in step_json(Command(argv=("true",)))
