"""`submit emulator exec`: the program notices nothing but where Google is."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.project import Project, wait_until


@pytest.fixture(params=["running", "its own"])
def emulator(request: pytest.FixtureRequest, project: Project) -> Iterator[Project]:
    """With one that runs already, and with one that is started for the command."""
    if request.param == "running":
        assert project.submit("emulator", "start").code == 0
    yield project
    project.submit("emulator", "stop")


def execute(project: Project, script: str, **streams: int) -> subprocess.Popen[str]:
    argv = project.command("emulator", "exec", "--", "sh", "-c", script)
    return subprocess.Popen(argv, cwd=project.folder, env=project.environ, text=True, **streams)  # type: ignore[call-overload,no-any-return]


def test_streams_and_exit_code_are_the_programs(emulator: Project) -> None:
    program = execute(emulator, "cat; echo trouble >&2; exit 7", stdin=-1, stdout=-1, stderr=-1)
    out, err = program.communicate("to whom it may concern\n", timeout=60)
    assert (program.returncode, out) == (7, "to whom it may concern\n")
    assert "trouble" in err.splitlines()


def test_a_program_that_a_signal_ends_says_so(emulator: Project) -> None:
    program = execute(emulator, "kill -USR2 $$; sleep 60")
    assert program.wait(60) in (-signal.SIGUSR2, 128 + signal.SIGUSR2)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1])
def test_signals_reach_the_program(emulator: Project, number: signal.Signals) -> None:
    name = number.name.removeprefix("SIG")
    script = f"trap 'echo got {name}; exit 9' {name}; touch ready; while :; do sleep 0.05; done"
    program = execute(emulator, script, stdin=subprocess.DEVNULL, stdout=-1)
    wait_until((emulator.folder / "ready").exists, timeout=60)
    program.send_signal(number)
    out, _ = program.communicate(timeout=60)
    assert (program.returncode, out) == (9, f"got {name}\n")


def test_a_pipe_that_nobody_reads_ends_the_program(emulator: Project) -> None:
    program = execute(emulator, "yes; echo $? > code", stdin=subprocess.DEVNULL, stdout=-1, stderr=subprocess.DEVNULL)
    assert program.stdout
    assert program.stdout.readline() == "y\n"
    program.stdout.close()
    program.wait(60)
    assert (emulator.folder / "code").read_text() == f"{128 + signal.SIGPIPE}\n"


def test_what_cannot_be_run_is_named_and_nothing_is_started(project: Project) -> None:
    missing = project.submit("emulator", "exec", "--", "no-such-program")
    assert (missing.code, missing.err) == (127, "error: there is no program `no-such-program`\n")


def test_one_that_is_started_for_the_program_ends_with_it_and_is_announced(project: Project) -> None:
    done = project.submit("emulator", "exec", sys.executable, "-c", "import os; print(os.environ['https_proxy'])")
    url = done.out.strip()
    assert f"started for this command: {url}" in done.err
    assert project.submit("emulator", "status").code == 3


def test_the_program_gets_what_env_prints(project: Project) -> None:
    project.submit("emulator", "start")
    printed = project.submit("emulator", "env", "--format", "json").json
    script = "import json, os; print(json.dumps(dict(os.environ)))"
    shown = project.submit("emulator", "exec", sys.executable, "-c", script)
    project.submit("emulator", "stop")
    assert printed.items() <= json.loads(shown.out).items()
    assert shown.err == ""


def test_other_data_folders_have_emulators_of_their_own(project: Project) -> None:
    script = "import os, pathlib; print(pathlib.Path(os.environ['GOOGLE_APPLICATION_CREDENTIALS']).parent.parent)"
    done = project.submit("emulator", "exec", "--data-dir", "mine", "--", sys.executable, "-c", script)
    assert done.out.strip() == os.fspath(project.folder / "mine")


def test_it_does_not_end_under_another_command(project: Project) -> None:
    wait = "while ! test -e {}; do sleep 0.05; done"
    first = execute(project, f"touch first; {wait.format('second')}", stdin=subprocess.DEVNULL, stderr=-1)
    wait_until((project.folder / "first").exists, timeout=60)
    second = execute(project, f"touch second; {wait.format('third')}", stdin=subprocess.DEVNULL, stderr=-1)
    assert "it goes on, other commands use it" in first.communicate(timeout=60)[1]
    assert project.submit("emulator", "status").code == 0
    (project.folder / "third").touch()
    assert (second.communicate(timeout=60)[1], second.returncode) == ("", 0)
    project.submit("emulator", "stop")
