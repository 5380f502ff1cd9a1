"""The folder `trainer/` is a package that builds, and what is built holds all of it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

from tests.trainer.runs import PROJECT, environment


def build(tree: Path, kind: str) -> Path:
    command = [sys.executable, "-m", "build", f"--{kind}", "--no-isolation", "--outdir", f"{tree}-{kind}", str(tree)]
    subprocess.run(command, check=True, capture_output=True)
    (built,) = Path(f"{tree}-{kind}").iterdir()
    return built


def test_a_wheel_built_from_the_source_distribution_holds_every_module_and_the_data(tmp_path: Path) -> None:
    copy = shutil.copytree(PROJECT / "trainer", tmp_path / "tree", ignore=shutil.ignore_patterns("__pycache__"))
    with tarfile.open(build(copy, "sdist")) as archive:
        archive.extractall(tmp_path / "unpacked", filter="data")
    (unpacked,) = (tmp_path / "unpacked").iterdir()
    wheel = build(unpacked, "wheel")

    with zipfile.ZipFile(wheel) as archive:
        built = {name for name in archive.namelist() if name.startswith("trainer/")}
    modules = {f"trainer/{path.name}" for path in (PROJECT / "trainer").glob("*.py")}
    assert built == modules | {"trainer/data/README.md", "trainer/data/digits.csv.gz"}

    # It runs from there, too: a wheel is a zip file that Python can import from.
    command = [sys.executable, "-m", "trainer.task", "--epochs", "1"]
    env = environment({"PYTHONPATH": str(wheel)}, tmp_path)
    ended = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True)
    assert ended.stderr == ""
    assert ended.stdout.splitlines()[-1].startswith("INFO:trainer:done accuracy=0.")
