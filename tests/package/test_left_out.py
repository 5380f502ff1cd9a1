"""What stays out of a package: junk, what ignore files name, and links that lead elsewhere."""

from __future__ import annotations

from pathlib import Path

from submit.package import build
from tests.package.trees import grow, refusal

CODE = {"trainer/__init__.py": "", "trainer/task.py": ""}


def names(folder: Path) -> set[str]:
    """The files of the package, but for those that every one has."""
    common = {*CODE, "PKG-INFO", "setup.py"}
    return set(build(folder, cache=None).package.files) - common


def test_caches_version_control_editors_and_environments_stay_out(tmp_path: Path) -> None:
    junk = [
        *(".git/config", ".hg/x", ".gitignore", ".submitignore"),
        *("__pycache__/task.cpython-311.pyc", "task.pyc", "trainer.egg-info/PKG-INFO", "build/lib/a.py", "dist/a.whl"),
        *(".idea/a", ".vscode/a", ".DS_Store", "task.py~", ".task.py.swp", ".#task.py", ".ipynb_checkpoints/a"),
        *("my_env/pyvenv.cfg", "my_env/lib/a.py", ".mypy_cache/a", ".pytest_cache/a"),
    ]
    folder = grow(tmp_path, CODE | {f"trainer/{path}": "" for path in junk}) / "trainer"
    assert names(folder) == set()


def test_a_package_called_build_is_code_and_not_junk(tmp_path: Path) -> None:
    folder = grow(tmp_path, CODE | {"trainer/build/__init__.py": "", "trainer/build/graph.py": ""}) / "trainer"
    assert names(folder) == {"trainer/build/__init__.py", "trainer/build/graph.py"}


def test_gitignore_files_count_at_every_depth(tmp_path: Path) -> None:
    files = {
        "trainer/.gitignore": "*.ckpt\n/top.txt\n!keep.ckpt\n",
        "trainer/a.ckpt": "",
        "trainer/keep.ckpt": "",
        "trainer/top.txt": "",
        "trainer/sub/top.txt": "",
        "trainer/sub/.gitignore": "local.json\n",
        "trainer/sub/local.json": "",
        "trainer/local.json": "",
    }
    folder = grow(tmp_path, CODE | files) / "trainer"
    assert names(folder) == {"trainer/keep.ckpt", "trainer/sub/top.txt", "trainer/local.json"}


def test_the_repositorys_own_gitignore_counts_too(tmp_path: Path) -> None:
    files = {".git/HEAD": "", ".gitignore": "/trainer/data/\n*.log\n", "trainer/data/a.csv": "", "trainer/x.log": ""}
    assert names(grow(tmp_path / "repo", CODE | files) / "trainer") == set()


def test_a_gitignore_outside_of_any_repository_does_not_count(tmp_path: Path) -> None:
    files = {".gitignore": "*.log\n", "trainer/x.log": ""}
    assert names(grow(tmp_path / "plain", CODE | files) / "trainer") == {"trainer/x.log"}


def test_a_folder_that_git_ignores_whole_is_packaged_when_it_is_named(tmp_path: Path) -> None:
    files = {".git/HEAD": "", ".gitignore": "trainer/\n", "trainer/x.log": ""}
    assert names(grow(tmp_path, CODE | files) / "trainer") == {"trainer/x.log"}


def test_submitignore_has_the_last_word(tmp_path: Path) -> None:
    files = {
        "trainer/.gitignore": "data/\n",
        "trainer/.submitignore": "!data/model.bin\n!build/\nnotes/\n",
        "trainer/data/model.bin": "",
        "trainer/data/raw.bin": "",
        "trainer/build/a.txt": "",
        "trainer/notes/a.txt": "",
    }
    assert names(grow(tmp_path, CODE | files) / "trainer") == {"trainer/data/model.bin", "trainer/build/a.txt"}


def test_what_git_leaves_out_is_told(tmp_path: Path) -> None:
    files = {"trainer/.gitignore": "*.ckpt\n", **{f"trainer/{i}.ckpt": "" for i in range(5)}}
    said: list[str] = []
    build(grow(tmp_path, CODE | files) / "trainer", cache=None, notify=said.append)
    assert said == ["left out, as `.gitignore` says: 0.ckpt, 1.ckpt, 2.ckpt and 2 more"]


def test_links_inside_of_the_tree_become_files(tmp_path: Path) -> None:
    folder = grow(tmp_path, CODE | {"trainer/data/a.csv": "1,2"}) / "trainer"
    (folder / "link.csv").symlink_to("data/a.csv")
    (folder / "more").symlink_to(folder / "data")
    assert names(folder) == {"trainer/data/a.csv", "trainer/link.csv", "trainer/more/a.csv"}


def test_links_that_cannot_be_followed_are_all_refused(tmp_path: Path) -> None:
    folder = grow(tmp_path, CODE | {"elsewhere/a.csv": ""}) / "trainer"
    (folder / "away").symlink_to("../elsewhere/a.csv")
    (folder / "broken").symlink_to("nothing")
    (folder / "loop").symlink_to(".")
    assert sorted(str(refusal(folder)).splitlines()) == [
        "away: is a link out of the package, to `../elsewhere/a.csv`",
        "broken: is a link to `nothing`, which does not exist",
        "loop: is a link to a folder that it lies in",
    ]
