"""What a person reads when something is wrong, and the code with which the command leaves."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from submit.cli.errors import show
from submit.errors import Place, Problem
from tests.project import Project


def test_a_problem_is_a_line_that_says_what_and_where_and_a_line_that_says_what_to_do(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show(
        [
            Problem(
                message="3 is not possible", place=Place(file="c.yaml", line=8, column=5), path="a.b", hint="Take 2."
            ),
            Problem(message="it is old", place=Place(file="c.yaml"), severity="warning"),
            Problem(message="so is this", hint="Take 2."),
        ]
    )
    assert capsys.readouterr().err == (
        "warning: c.yaml: it is old\nerror: c.yaml:8:5: a.b: 3 is not possible\nerror: so is this\n\nhint: Take 2.\n"
    )


@pytest.mark.parametrize(
    ("argv", "first_line"),
    [
        (["trian"], "error: there is no command `trian`. Did you mean `train`?"),
        (["train", "--confg", "x"], "error: no such option"),
        (["train", "--config", "none.yaml"], "error: cannot read `"),
        (["train", "--backend", "moon"], "error: `moon` is not a backend"),
        (["train", "--labels", "team"], "error: invalid value for '--labels': `team` is not KEY=VALUE"),
        (["train", "--job-name", "../x"], "error: "),
        (["check", "none.yaml"], "error: cannot read `none.yaml`: no such file or directory"),
        (["jobs", "describe"], "error: missing argument 'JOB...'"),
        (["jobs", "list", "--format", "xml"], "error: invalid value for '--format': 'xml' is not one of"),
    ],
)
def test_a_wrong_command_line_leaves_with_2_and_no_traceback(
    project: Project, argv: list[str], first_line: str
) -> None:
    done = project.submit(*argv)
    assert done.code == 2
    assert done.out == ""
    assert done.err.startswith(first_line)
    assert "Traceback" not in done.err


@pytest.mark.parametrize("verb", ["describe", "stream-logs", "wait", "cancel", "delete"])
def test_a_job_that_is_not_there_leaves_with_3(project: Project, verb: str) -> None:
    done = project.submit("jobs", verb, "never")
    assert done.code == 3
    assert "`never`" in done.err
    assert "Traceback" not in done.err


def test_an_empty_list_says_so_and_stays_data_for_programs(project: Project) -> None:
    assert project.submit("jobs", "list").err == "there are no jobs at `local`; `--backend` looks elsewhere\n"
    assert project.submit("jobs", "list", "--format", "json").json == []


def test_debug_shows_where_an_error_came_from(project: Project) -> None:
    assert "Traceback" in project.submit("jobs", "describe", "never", "--debug").err


@pytest.mark.parametrize(
    "argv",
    [[], ["train"], ["jobs"], ["jobs", "list"], ["check"], ["convert"], ["package"], ["schema"], ["completion"]],
)
def test_every_command_has_help_with_examples(project: Project, argv: list[str]) -> None:
    done = project.submit(*argv, "--help")
    assert done.code == 0
    assert done.out.startswith(f"Usage: {' '.join(['submit', *argv])}")
    assert "Example" in done.out or argv == ["jobs", "list"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_knows_the_commands_and_the_jobs(project: Project, shell: str) -> None:
    assert "_SUBMIT_COMPLETE" in project.submit("completion", shell).out
    environ = {"_SUBMIT_COMPLETE": "bash_complete", "COMP_WORDS": "submit jobs des", "COMP_CWORD": "2"}
    assert "describe" in project.submit(env=environ).out


def through_head(project: Project, *argv: str) -> tuple[str, str]:
    """What `submit … | head -n 1` leaves: the exit code of `submit`, and its stderr."""
    line = " ".join([*project.command(*argv), "| head -n 1 >/dev/null; echo ${PIPESTATUS[0]}"])
    done = subprocess.run(
        ["bash", "-c", line], cwd=project.folder, env=project.environ, capture_output=True, text=True, check=False
    )
    return done.stdout.strip(), done.stderr


def test_a_reader_that_leaves_early_is_neither_a_failure_nor_a_success(project: Project) -> None:
    assert through_head(project, "schema") == ("141", "")


def test_a_job_goes_on_when_the_reader_of_its_log_leaves(project: Project) -> None:
    project.trainer('for n in range(50): print("line", n, flush=True); time.sleep(0.02)')
    code, narration = through_head(project, "train", "--job-name", "read")
    assert (code, "submit jobs stream-logs local://read" in narration) == ("141", True)
    assert project.submit("jobs", "wait", "read").code == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full disk to try")
def test_a_job_goes_on_when_its_log_can_be_written_nowhere(project: Project) -> None:
    project.trainer("time.sleep(1.5)")
    line = " ".join([*project.command("train", "--job-name", "read"), "> /dev/full"])
    done = subprocess.run(
        ["bash", "-c", line], cwd=project.folder, env=project.environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 3
    assert "the job goes on: local://read\n" in done.stderr
    assert "stdout or stderr cannot be used: no space left on device" in done.stderr
    assert project.submit("jobs", "wait", "read").code == 0


def test_an_error_with_words_of_a_trainer_does_nothing_to_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    show([Problem(message="the trainer failed: \x1b]0;title\x07\x1b[2Jboom\u202e")])
    assert capsys.readouterr().err == "error: the trainer failed: boom\\u202e\n"
