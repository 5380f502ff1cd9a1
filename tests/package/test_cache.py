"""Unchanged trees are neither read nor built again, and the cache can be damaged without harm."""

from __future__ import annotations

import os
import time
from pathlib import Path

from submit.package import Built, build
from submit.world import tree
from tests.package.trees import FIND_PACKAGES, grow

FILES = {"trainer/__init__.py": "", "trainer/task.py": "x = 1\n", "trainer/data.csv": "1,2\n"}
BEFORE = time.time() - 60


def old(root: Path) -> Path:
    """Files that were written a while ago, as those of a checkout usually were; their ctime cannot be set."""
    for file in root.rglob("*"):
        os.utime(file, (BEFORE, BEFORE))
    return root


def read_files(folder: Path, cache: Path) -> set[str]:
    """The files of a tree whose bytes a look has to read."""
    return set(tree.digests(tree.scan(folder), cache)[1])


def said_while_building(folder: Path, cache: Path, *, keep: bool = True) -> tuple[Built, list[str]]:
    said: list[str] = []
    return build(folder, cache=cache, keep=keep, notify=said.append), said


def test_a_project_is_built_once_and_again_only_after_a_change(tmp_path: Path) -> None:
    folder = grow(tmp_path / "tree", FILES | {"setup.py": FIND_PACKAGES}) / "trainer"
    first, said = said_while_building(folder, tmp_path / "cache")
    assert said == [f"building the package with `{tmp_path / 'tree' / 'setup.py'}`"]
    second, said = said_while_building(folder, tmp_path / "cache")
    assert (second, said) == (first, [])
    (folder / "task.py").write_text("x = 2\n")
    third, said = said_while_building(folder, tmp_path / "cache")
    assert len(said) == 1
    assert third.package.digest != first.package.digest


def test_without_keep_the_cache_is_read_and_not_written(tmp_path: Path) -> None:
    folder = grow(tmp_path / "tree", FILES | {"setup.py": FIND_PACKAGES}) / "trainer"
    cache = tmp_path / "cache"
    first, said = said_while_building(folder, cache, keep=False)
    assert len(said) == 1
    assert not cache.exists()
    build(folder, cache=cache)
    kept = {path: path.stat().st_mtime_ns for path in cache.rglob("*")}
    assert said_while_building(folder, cache, keep=False) == (first, [])
    assert {path: path.stat().st_mtime_ns for path in cache.rglob("*")} == kept


def test_the_same_package_comes_out_of_the_cache_as_went_in(tmp_path: Path) -> None:
    folder = grow(tmp_path, {"trainer/task.py": "", "requirements.txt": "numpy"}) / "trainer"
    assert (
        build(folder, cache=tmp_path / "cache") == build(folder, cache=tmp_path / "cache") == build(folder, cache=None)
    )


def test_a_damaged_entry_is_made_again(tmp_path: Path) -> None:
    folder, cache = grow(tmp_path, FILES) / "trainer", tmp_path / "cache"
    first = build(folder, cache=cache)
    (entry,) = (cache / "archives").iterdir()
    whole = entry.read_bytes()
    for damage in (b"", whole[:-1], whole[:-1] + b"x", b"x" * len(whole)):
        entry.write_bytes(damage)
        assert build(folder, cache=cache) == first
        assert entry.read_bytes() == whole


def test_a_damaged_index_is_as_good_as_none(tmp_path: Path) -> None:
    folder, cache = grow(tmp_path, FILES) / "trainer", tmp_path / "cache"
    first = build(folder, cache=cache)
    (index,) = (cache / "trees").iterdir()
    for damage in (b"", b"[[1]]", b"{}", b"[", b"3"):
        index.write_bytes(damage)
        assert build(folder, cache=cache) == first


def test_a_cache_that_cannot_be_written_costs_only_time(tmp_path: Path) -> None:
    folder = grow(tmp_path, FILES | {"cache": "a file, not a folder"}) / "trainer"
    assert build(folder, cache=tmp_path / "cache") == build(folder, cache=None)


def test_settled_files_are_not_read_again(tmp_path: Path) -> None:
    folder, cache = old(grow(tmp_path, FILES)) / "trainer", tmp_path / "cache"
    assert read_files(folder, cache) == {"__init__.py", "task.py", "data.csv"}
    assert read_files(folder, cache) == {"__init__.py", "task.py", "data.csv"}, "their inodes changed a moment ago"
    time.sleep(2.1)
    read_files(folder, cache)
    assert read_files(folder, cache) == set()
    (folder / "task.py").write_text("y = 1\n")
    os.utime(folder / "task.py", (BEFORE, BEFORE))
    assert read_files(folder, cache) == {"task.py"}, "same size and same mtime do not hide a change"
