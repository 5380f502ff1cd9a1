"""What goes where: data on stdout, narration on stderr, colours where they are wanted."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.project import Project

ESCAPE = "\x1b["


@pytest.mark.parametrize(
    ("environ", "coloured"),
    [
        ({}, False),
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": ""}, True),
    ],
)
def test_colours_away_from_a_terminal(project: Project, environ: dict[str, str], coloured: bool) -> None:
    project.trainer("pass")
    project.submit("train", "--job-name", "done")
    described = project.submit("jobs", "describe", "done", env=environ)
    refused = project.submit("jobs", "describe", "never", env=environ)
    assert (ESCAPE in described.out, ESCAPE in refused.err) == (coloured, coloured)


@pytest.mark.parametrize(
    ("environ", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)], ids=str
)
def test_colours_on_a_terminal(project: Project, environ: dict[str, str], coloured: bool) -> None:
    assert (ESCAPE in on_a_terminal(project, {"TERM": "xterm", **environ}, "jobs", "describe", "never")) == coloured


def on_a_terminal(project: Project, environ: dict[str, str], *argv: str) -> str:
    """What a command shows on a terminal of its own."""
    ours, theirs = os.openpty()
    command = subprocess.Popen(
        project.command(*argv),
        cwd=project.folder,
        env={**project.environ, **environ},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    shown = b""
    try:
        while data := os.read(ours, 4096):
            shown += data
    except OSError:
        pass  # Linux: the other end is closed
    command.wait(timeout=20)
    os.close(ours)
    return shown.decode()


def test_no_command_at_all_shows_help_to_people_and_no_data_to_programs(project: Project) -> None:
    done = project.submit()
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("Usage: submit ")


@pytest.mark.parametrize(
    "argv", [("jobs", "list"), ("train", "--async"), ("jobs", "cancel", "x")], ids=lambda argv: argv[0]
)
def test_a_state_folder_that_cannot_be_used_is_no_defect(project: Project, argv: tuple[str, ...]) -> None:
    project.trainer("pass")
    done = project.submit(*argv, "--state-dir", os.devnull)
    assert (done.code, done.out) == (3, "")
    assert "cannot be used" in done.err
    assert "--state-dir" in done.err
    assert "this should not happen" not in done.err


def test_a_file_that_cannot_be_written_is_named(project: Project) -> None:
    project.trainer("pass")
    done = project.submit("package", "--output", f"{os.devnull}/dist")
    assert done.code == 3
    assert done.err.startswith(f"error: `{os.devnull}")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_data_that_cannot_be_written_is_no_success(project: Project) -> None:
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device
        done = subprocess.run(
            project.command("schema"), env=project.environ, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 3
    assert "no space left on device" in done.stderr


def test_a_number_of_jobs_that_is_none_is_refused(project: Project) -> None:
    done = project.submit("jobs", "list", env={"SUBMIT_LOCAL_CONCURRENCY": "two"})
    assert done.code == 2
    assert done.err.startswith("error: SUBMIT_LOCAL_CONCURRENCY: `two` is not a number of jobs")


def test_a_region_that_comes_from_elsewhere_is_looked_at_too(project: Project) -> None:
    project.trainer("pass")
    done = project.submit("train", "--dry-run", env={"CLOUDSDK_COMPUTE_REGION": "mars-1"})
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("error: `mars-1` is not a region of Vertex AI\n\nhint: It comes from ")


def test_problems_of_configs_are_data_with_their_file(project: Project) -> None:
    project.write("bad.yaml", "trainingInput:\n  scaleTier: BASIK\n")
    done = project.submit("check", "bad.yaml", "none.yaml", "--format", "json")
    assert done.code == 2
    assert [(problem["file"], problem["line"]) for problem in done.json] == [("bad.yaml", 2), ("none.yaml", None)]


def test_a_conversion_is_written_and_reported_once(project: Project) -> None:
    project.write("old.yaml", "trainingInput:\n  scaleTier: CUSTOM\n  masterType: standard_gpu\n")
    shown = project.submit("convert", "old.yaml")
    written = project.submit("convert", "old.yaml", "--output", "new.yaml", "--format", "json")

    assert (project.folder / "new.yaml").read_text() == shown.out == json.loads(written.out)["config"]
    assert "changed   trainingInput.masterType: " in shown.err
    assert "warning: " not in shown.err
    again = project.submit("convert", "old.yaml", "--output", "new.yaml")
    assert (again.code, "`--force` replaces it" in again.err) == (2, True)
    assert "written   new.yaml" in project.submit("convert", "old.yaml", "--output", "new.yaml", "--force").err
