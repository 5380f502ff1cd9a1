"""Archives that are given beside the trainer's folder."""

from __future__ import annotations

import tarfile
import zipfile
from pathlib import Path

import pytest

from submit.errors import UsageError
from submit.package import build
from tests.package.trees import grow


@pytest.fixture
def trainer(tmp_path: Path) -> Path:
    return grow(tmp_path / "tree", {"trainer/__init__.py": ""}) / "trainer"


def wheel(folder: Path) -> Path:
    path = folder / "dep-1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("dep/__init__.py", "")
        file.writestr("dep/fast.cpython-311-x86_64-linux-gnu.so", "")
        file.writestr("dep-1.data/purelib/other.py", "")
        file.writestr("dep-1.data/scripts/run.py", "")
        headers = ["Name: dep", "Requires-Dist: six", "Requires-Dist: x; extra == 'y'", "", "Requires-Dist: no"]
        file.writestr("dep-1.dist-info/METADATA", "\n".join(headers))
    return path


def test_modules_and_requirements_of_a_wheel_are_read_from_it(tmp_path: Path, trainer: Path) -> None:
    (package,) = build(trainer, packages=[wheel(tmp_path)], cache=None).extra
    assert package.filename == "dep-1-py3-none-any.whl"
    assert package.modules == ("dep", "dep.fast", "other")
    assert package.requirements == ("six",)


def test_a_source_distribution_is_sent_unchanged(tmp_path: Path, trainer: Path) -> None:
    dep = build(grow(tmp_path / "dep", {"dep/a.py": "", "requirements.txt": "six"}) / "dep", cache=None).package
    (tmp_path / dep.filename).write_bytes(dep.data)
    built = build(trainer, packages=[tmp_path / dep.filename], cache=None)
    assert [package.data for package in built.extra] == [dep.data]
    assert built.extra[0].modules == ("dep.a",)
    assert built.extra[0].requirements == ("six",)


def test_all_that_is_wrong_with_them_is_said_at_once(tmp_path: Path, trainer: Path) -> None:
    grow(tmp_path, {"folder/a": "", "a.txt": "", "torn.tar.gz": b"\x1f\x8b", "x/dep-1-py3-none-any.whl": b""})
    with tarfile.open(tmp_path / "loose.tar.gz", "w:gz") as tar:
        tar.add(tmp_path / "a.txt", "a.txt")
        tar.add(tmp_path / "a.txt", "b.txt")
    with tarfile.open(tmp_path / "evil.tar.gz", "w:gz") as tar:
        tar.add(tmp_path / "a.txt", "top/../../a.txt")
    names = ["folder", "a.txt", "torn.tar.gz", "loose.tar.gz", "evil.tar.gz", "none.whl"]
    with pytest.raises(UsageError) as caught:
        build(trainer, packages=[*(tmp_path / name for name in names), wheel(tmp_path), wheel(tmp_path)], cache=None)
    messages = [str(problem).replace(f"{tmp_path}/", "") for problem in caught.value.problems]
    assert messages[0] == "`folder` is a folder, not an archive"
    assert messages[1] == "`a.txt` is not a source distribution or wheel"
    assert messages[2].startswith("`torn.tar.gz` is not a readable archive: ")
    assert messages[3] == "`loose.tar.gz` is not a source distribution: its files are not in one top folder"
    assert messages[4].endswith("member `top/../../a.txt` would land outside of the folder")
    assert messages[5] == "cannot read `none.whl`: no such file or directory"
    assert messages[6] == "two packages are called `dep-1-py3-none-any.whl`"
