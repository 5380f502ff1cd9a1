"""What somebody gets who installs jobdir."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from tests.project import REPOSITORY


def test_the_wheel_holds_submit_with_its_data_and_nothing_else(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    shutil.copytree(REPOSITORY, tree, ignore=shutil.ignore_patterns(".*", "__pycache__", "build", "dist", "*.egg-info"))
    argv = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(tree)]
    subprocess.run(argv, check=True, capture_output=True, env={"PATH": "", "HOME": str(tmp_path)})

    (wheel,) = tmp_path.glob("jobdir-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        (metadata,) = (name for name in names if name.endswith("entry_points.txt"))
        scripts = archive.read(metadata).decode()

    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"submit", "jobdir"}
    ours = {path.relative_to(REPOSITORY).as_posix() for path in (REPOSITORY / "submit").rglob("*") if path.is_file()}
    assert {name for name in ours if "__pycache__" not in name} <= names
    assert scripts.strip() == "[console_scripts]\nsubmit = submit.cli:main"


def test_the_package_can_be_used_from_python() -> None:
    code = "import submit; print(submit.train.__name__, submit.jobs.__name__, submit.Job.__name__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=REPOSITORY)
    assert done.stdout == "train submit.jobs Job\n"


def test_importing_it_or_asking_for_help_loads_nothing_heavy() -> None:
    code = (
        "import sys, submit, submit.cli.app; print([m for m in ('yaml', 'google.auth', 'sqlite3') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=REPOSITORY)
    assert done.stdout == "[]\n"
