"""Completion as shells drive it."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys

import pytest

from tests.project import Project

DRIVE = """
eval "$(submit completion bash)"
complete -p submit >/dev/null || exit 1
compopt() { :; }
COMP_WORDS=(%s); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMPREPLY=()
_submit_completion submit "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
printf '%%s\\n' "${COMPREPLY[@]}"
"""


def completed(project: Project, *words: str) -> list[str]:
    """What bash offers for the last of the words."""
    folder = project.folder / "bin"
    folder.mkdir(exist_ok=True)
    script = folder / "submit"
    script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m submit.cli "$@"\n')
    script.chmod(0o755)
    done = subprocess.run(
        ["bash", "--norc", "-c", DRIVE % shlex.join(words)],
        cwd=project.folder,
        env={**project.environ, "PATH": f"{folder}:{project.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.split()


def test_bash_completes_commands_options_and_choices(project: Project) -> None:
    assert completed(project, "submit", "tr") == ["train"]
    assert completed(project, "submit", "jobs", "des") == ["describe"]
    assert completed(project, "submit", "train", "--conf") == ["--config"]
    assert completed(project, "submit", "jobs", "list", "--format", "") == ["table", "json", "yaml"]
    assert completed(project, "submit", "train", "--backend", "l") == ["local"]


def test_bash_completes_names_and_handles_of_jobs(project: Project) -> None:
    project.trainer("pass")
    project.submit("train", "--job-name", "first")
    assert completed(project, "submit", "jobs", "describe", "") == ["first"]
    assert completed(project, "submit", "jobs", "cancel", "fi") == ["first"]
    assert completed(project, "submit", "jobs", "describe", "loc") == ["local://first"]
    assert completed(project, "submit", "jobs", "describe", "local", ":", "//fi") == ["//first"]
    assert completed(project, "submit", "jobs", "describe", "second") == []


def test_completion_is_silent_where_the_state_folder_cannot_be_used(project: Project) -> None:
    environ = {"_SUBMIT_COMPLETE": "bash_complete", "COMP_WORDS": "submit jobs describe ", "COMP_CWORD": "3"}
    done = project.submit(env={**environ, "SUBMIT_STATE_DIR": os.devnull})
    assert (done.out.strip(), done.err) == ("", "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_each_shell_is_one_that_it_can_read(project: Project, shell: str) -> None:
    script = project.submit("completion", shell)
    assert (script.code, script.err) == (0, "")
    assert "_SUBMIT_COMPLETE" in script.out
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=script.out, text=True, check=True)
