"""Everything here runs in a process of its own, which reaps all children: those of other tests are not its business."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]

SPIN = "import time\nend = time.process_time() + 0.2\nwhile time.process_time() < end: pass\n"
DETACH = f"import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', {SPIN!r}], start_new_session=True)\n"


def run(program: str, *, expect: str = "") -> subprocess.CompletedProcess[str]:
    """`bench.processes.run` of a Python program; prints its CPU seconds."""
    measure = f"""
import os, sys
from pathlib import Path
from bench import processes
processes.adopt_orphans()
print(processes.run([sys.executable, "-c", {program!r}], env=os.environ, cwd=Path(), expect={expect!r}).cpu_s)
"""
    return subprocess.run([sys.executable, "-c", measure], cwd=REPOSITORY, capture_output=True, text=True, check=False)


@pytest.mark.skipif(sys.platform != "linux", reason="needs a subreaper")
def test_the_cpu_time_of_detached_processes_counts() -> None:
    assert float(run(DETACH).stdout) >= 0.2


def test_a_program_must_succeed() -> None:
    assert "exit code 3\nbad luck" in run("print('bad luck'); exit(3)").stderr


def test_a_program_must_say_what_is_expected() -> None:
    assert "exit code 0\nbad luck" in run("print('bad luck')", expect="good luck").stderr
