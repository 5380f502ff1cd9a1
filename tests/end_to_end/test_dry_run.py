"""A dry run shows what the real run does, and does nothing itself."""

from __future__ import annotations

import re
import shutil
import subprocess
from contextlib import chdir
from pathlib import Path

import pytest

from submit.assemble import JobFlags
from submit.cli.dry_run import step_json
from submit.client import Client
from submit.steps import Step
from submit.submission import Request
from tests.project import REPOSITORY, Project

JOB = JobFlags(args=("--arg=42",), name="same", submission_id="0" * 32)

needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")


def test_the_steps_of_a_dry_run_are_those_that_the_real_run_takes(project: Project) -> None:
    project.trainer("print(options.arg)")
    taken: list[Step] = []

    with chdir(project.folder):
        client = Client(state_dir=Path(project.environ["SUBMIT_STATE_DIR"]), observe=taken.append)
        shown, handle = client.prepare(Request(job=JOB, dry_run=True)).steps()
        created = client.submit(client.prepare(Request(job=JOB)))
        recorded = [step_json(step) for step in taken]
        client.wait(created)

    assert recorded == [step_json(step) for step in shown]
    assert len(recorded) == 2
    assert created == handle


@needs_strace
def test_a_dry_run_opens_no_socket_and_writes_no_file(project: Project, tmp_path: Path) -> None:
    project.trainer("print(options.arg)")
    before = everything_below(tmp_path)
    assert changes_of_a_dry_run(project.folder, project, tmp_path / "trace") == []
    assert everything_below(tmp_path) == before


@needs_strace
def test_nor_does_that_of_the_sample_trainer_which_has_a_build_file(project: Project, tmp_path: Path) -> None:
    project.environ["SUBMIT_CACHE_DIR"] = str(tmp_path / "empty")
    before = everything_below(tmp_path)
    assert changes_of_a_dry_run(REPOSITORY, project, tmp_path / "trace", "--config", "configs/gpu.yaml") == []
    assert everything_below(tmp_path) == before


def changes_of_a_dry_run(cwd: Path, project: Project, trace: Path, *options: str) -> list[str]:
    """The system calls that touch anything; the trace is gone afterwards."""
    calls = "trace=socket,connect,open,openat,creat,mkdir,mkdirat,rename,renameat,renameat2,unlink,unlinkat,link,linkat"
    done = subprocess.run(
        [
            *("strace", "-f", "-qq", "-e", calls, "-o", trace),
            *project.command("train", *options, "--dry-run", "--", "--arg=42"),
        ],
        cwd=cwd,
        env={**project.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "jobs.create" in done.stdout
    traced = trace.read_text().splitlines()
    trace.unlink()
    return [line for line in traced if touches(line)]


def touches(line: str) -> bool:
    """Whether a traced call is a socket, or opens for writing or changes anything but the null device."""
    if re.search(r"\b(socket|connect)\(", line):
        return True
    if re.search(r"\bopen(at)?\(", line):
        return bool(re.search(r"O_WRONLY|O_RDWR|O_CREAT", line)) and '"/dev/null"' not in line
    return bool(re.search(r"\b(creat|mkdir|mkdirat|rename\w*|unlink\w*|link|linkat)\(", line))


def everything_below(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))
