"""What is made of a declarative project in memory is what setuptools makes of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import pytest
from packaging.requirements import Requirement

from submit.job import Package
from submit.package import build, in_memory
from submit.package.archive import Member, unpack
from submit.package.choose import Project, choose
from submit.package.made import Artefacts, Made
from submit.package.project import built_by_hooks, judged
from submit.world import files, tools, tree
from tests.package.trees import grow
from tests.project import REPOSITORY

SYSTEM = '[build-system]\nrequires = ["setuptools>=61", "wheel"]\nbuild-backend = "setuptools.build_meta"\n'
PROJECT = SYSTEM + '[project]\nname = "trainer"\nversion = "1.2"\n'
OPTIONS = PROJECT + "[tool.setuptools]\n"
LISTED = OPTIONS + 'packages = ["trainer"]\n'
FLAT = LISTED + 'package-dir = { trainer = "." }\n'
CODE = {"trainer/__init__.py": "", "trainer/task.py": "print('ran')\n"}
AT_TOP = {"__init__.py": "", "task.py": "print('ran')\n"}
DATA = {"trainer/data/a.csv": "", "trainer/data/.b.csv": "", "trainer/data/deep/c.csv": "", "trainer/d.json": ""}
ALIKE = (
    *("__init__.py", "my-mod.py", ".hidden.py", "d.json"),
    *("data/a.csv", "data/.b.csv", "data/deep/c.csv", "t/x-y.py", "t/.h.py"),
)
PATTERNS = {
    "folder": ["data/*"],
    "ending": ["**/*.csv"],
    "names": ["d.json", "data/deep/c.csv", "none.txt"],
    "hidden": ["data/.*", "data/[!x]*"],
    "everything": ["**"],
    "code": ["t/*.py"],
}
WRITTEN_BY_SETUPTOOLS = ("setup.cfg", "PKG-INFO", ".egg-info/")


def data(patterns: str) -> str:
    return f"{LISTED}[tool.setuptools.package-data]\ntrainer = {patterns}\n"


LAYOUTS: dict[str, Mapping[str, str]] = {
    "packages listed": CODE | {"pyproject.toml": LISTED},
    "package beside, with what stands at a top": CODE
    | {"pyproject.toml": LISTED.replace("[tool", 'readme = "about.md"\n[tool')}
    | dict.fromkeys(["about.md", "README.rst", "README.md", "LICENCE.txt", "NOTICE", "tests/test_it.py", "x.txt"], ""),
    "the folder is the package": AT_TOP | {"pyproject.toml": FLAT, "README.md": "", "LICENSE": "", "data/a.csv": ""},
    "the folder is the package, with a package in it": AT_TOP
    | {
        "pyproject.toml": FLAT.replace('"trainer"]', '"trainer", "trainer.deep"]'),
        "deep/net.py": "",
        "deep/x.typed": "",
    },
    "the folder is the package, with data": AT_TOP
    | {"pyproject.toml": FLAT + "[tool.setuptools.package-data]\ntrainer = ['data/**/*.csv']\n"}
    | {"data/a.csv": "", "data/b/c.csv": "", "data/d.txt": ""},
    "data by patterns": {f"{package}/{name}": "" for package in PATTERNS for name in ALIKE}
    | {
        "pyproject.toml": f"{OPTIONS}packages = {list(PATTERNS)}\n[tool.setuptools.package-data]\n"
        + "".join(f"{package} = {patterns}\n" for package, patterns in PATTERNS.items())
    },
    "data of every package": CODE
    | DATA
    | {"trainer/b/__init__.py": "", "trainer/b/b.csv": "", "trainer/b/py.typed": ""}
    | {
        "pyproject.toml": OPTIONS
        + "packages = ['trainer', 'trainer.b']\n[tool.setuptools.package-data]\n'*' = ['*.csv', '*.json']\n"
    },
    "data inside of another package": CODE
    | {"trainer/b/__init__.py": "", "trainer/b/b.csv": "", "trainer/b/c.csv": ""}
    | {
        "pyproject.toml": OPTIONS
        + "packages = ['trainer', 'trainer.b']\n[tool.setuptools.package-data]\ntrainer = ['b/b.csv']\n"
    },
    "no data besides what is listed": CODE
    | DATA
    | {"pyproject.toml": LISTED + "include-package-data = false\n", "trainer/a.pyi": ""},
    "src layout found": {"pyproject.toml": OPTIONS + "[tool.setuptools.packages.find]\nwhere = ['src']\n"}
    | {"src/trainer/__init__.py": "", "src/trainer/deep/net.py": "", "src/my-dir/x.py": "", "src/a.b/c.py": ""},
    "src layout by itself": {"pyproject.toml": PROJECT, "src/trainer/task.py": "", "src/other/__init__.py": ""},
    "src layout mapped": {"pyproject.toml": LISTED + 'package-dir = { "" = "src" }\n', "src/trainer/task.py": ""},
    "flat layout by itself": CODE
    | {"pyproject.toml": PROJECT, "trainer/a/b.py": "", "trainer/data/x.csv": "", "tests/x.py": "", "docs/x.py": ""},
    "found with patterns": CODE
    | {"trainer/a/__init__.py": "", "trainer/b/c/__init__.py": "", "more/__init__.py": "", "trainer/x/y.py": ""}
    | {
        "pyproject.toml": OPTIONS
        + "[tool.setuptools.packages.find]\ninclude = ['trainer*']\nexclude = ['trainer.b', 'trainer.x*']\n"
    },
    "found without namespaces": CODE
    | {"trainer/a/__init__.py": "", "trainer/b/c/__init__.py": "", "trainer/x/y.py": ""}
    | {"pyproject.toml": OPTIONS + "[tool.setuptools.packages.find]\nnamespaces = false\nexclude = ['trainer.a']\n"},
    "a name that is not a module's": CODE
    | {"pyproject.toml": LISTED.replace('"trainer"\nv', '"My-Long.Trainer_x"\nv')},
    "without a build system": CODE | {"pyproject.toml": LISTED.removeprefix(SYSTEM)},
    "requirements": CODE
    | {
        "requirements.txt": "numpy",
        "pyproject.toml": LISTED.replace(
            "[tool.",
            """\
requires-python = "<4, >= 3.7"
description = "Größen"
license = "Apache-2.0"
authors = [{ name = "A B", email = "a@b.de" }]
keywords = ["digits"]
classifiers = ["Programming Language :: Python :: 3"]
urls = { Home = "https://example.com/" }
dependencies = ["numpy >= 1.21", "Pandas[excel] <3,>=2; python_version<'3.13'", "x @ https://example.com/x.whl"]
[project.optional-dependencies]
gcs = ["google-cloud-storage", "a; os_name == 'nt' or os_name == 'posix'"]
none = []
[tool.""",
        ),
    },
    "requirements forgotten": CODE | {"requirements.txt": "numpy", "pyproject.toml": LISTED},
    "nothing of the package is installed": CODE
    | {"pyproject.toml": LISTED.replace('["tr', '["a.tr'), "a/trainer/b.py": ""},
}


def members(files: Mapping[str, str]) -> dict[str, Member]:
    return {path: Member(text.encode()) for path, text in files.items()}


def project_of(root: Path) -> Project:
    chosen = choose(root, files.read_if_there)
    assert isinstance(chosen, Project)
    return chosen


def in_both_ways(root: Path, found: Mapping[str, Member]) -> tuple[Artefacts, Artefacts]:
    mine = in_memory.make(found, tools.setuptools_version())
    assert mine is not None, "it is left to setuptools"
    return mine, built_by_hooks(project_of(root), found)


def described(text: bytes) -> dict[str, set[str]]:
    fields: dict[str, set[str]] = {}
    for line in text.decode().partition("\n\n")[0].splitlines():
        key, _, value = line.partition(": ")
        fields.setdefault(key, set()).add(str(Requirement(value)) if key == "Requires-Dist" else value)
    return {key: fields[key] for key in fields if key.startswith(("Name", "Version", "Summary", "Req", "Provides"))}


def content(package: Package) -> dict[str, Member]:
    """The members of a wheel without its record, which has the digests of these."""
    unpacked = unpack(package.filename, package.data)[1]
    return {name: member for name, member in unpacked.items() if not name.endswith("RECORD")}


def outcome(made: Made) -> list[object]:
    assert made.package is not None
    return [made.package.filename, made.package.modules, made.package.requirements, made.secrets, made.warnings]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_it_is_what_setuptools_makes(tmp_path: Path, layout: str) -> None:
    root = grow(tmp_path / "project", LAYOUTS[layout])
    found = tree.read(tree.scan(root), {})
    inside = PurePosixPath("trainer" if (root / "trainer").is_dir() else ".")
    mine, theirs = in_both_ways(root, found)

    judge = [judged(made, project_of(root), inside, found, "") for made in (mine, theirs)]
    assert outcome(judge[0]) == outcome(judge[1])
    assert mine.installed == theirs.installed
    assert set(mine.members) - {"PKG-INFO"} == {
        path for path in theirs.members if not path.endswith(WRITTEN_BY_SETUPTOOLS) and ".egg-info/" not in path
    }
    assert described(mine.members["PKG-INFO"].data) == described(theirs.members["PKG-INFO"].data)
    assert content(built_by_hooks(project_of(root), mine.members).wheel) == content(theirs.wheel)


def test_the_sample_trainer_is_made_in_memory_as_setuptools_makes_it() -> None:
    root = REPOSITORY / "trainer"
    found = tree.read(tree.scan(root), {})
    mine, theirs = in_both_ways(root, found)
    made = [judged(each, project_of(root), PurePosixPath("."), found, "") for each in (mine, theirs)]
    assert outcome(made[0]) == outcome(made[1])
    assert mine.installed == theirs.installed
    assert "trainer/data/digits.csv.gz" in mine.installed
    assert content(built_by_hooks(project_of(root), mine.members).wheel) == content(theirs.wheel)


@pytest.mark.skipif(shutil.which("uv", path=Path(sys.executable).parent) is None, reason="uv is not installed")
def test_archive_and_wheel_of_the_sample_trainer_are_installed_alike(tmp_path: Path) -> None:
    built = build(REPOSITORY / "trainer", cache=None)
    assert built.wheel is not None
    for package in (built.package, built.wheel):
        (tmp_path / package.filename).write_bytes(package.data)
        target = tmp_path / package.filename.partition("-py3")[0].removesuffix(".tar.gz") / package.filename[-3:]
        options = [
            "--offline",
            "--no-deps",
            "--no-build-isolation",
            "--python",
            sys.executable,
            "--target",
            str(target),
        ]
        command = [str(Path(sys.executable).parent / "uv"), "pip", "install", "-q", *options]
        subprocess.run([*command, str(tmp_path / package.filename)], check=True, cwd=tmp_path)
    archive, wheel = (
        {path.relative_to(site): path.read_bytes() for path in (site / "trainer").rglob("*") if path.is_file()}
        for site in (tmp_path / "trainer-0.1.0" / ".gz", tmp_path / "trainer-0.1.0" / "whl")
    )
    assert archive == wheel
    assert Path("trainer/data/digits.csv.gz") in archive


def test_data_keeps_its_executable_bit_and_modules_do_not(tmp_path: Path) -> None:
    files = CODE | {"trainer/run.sh": "#!/bin/sh\n", "pyproject.toml": data('["*.sh"]')}
    root = grow(tmp_path / "project", files)
    for name in ("run.sh", "task.py"):
        (root / "trainer" / name).chmod(0o755)
    mine, theirs = in_both_ways(root, tree.read(tree.scan(root), {}))
    assert mine.installed == theirs.installed
    assert [name for name, member in mine.installed.items() if member.executable] == ["trainer/run.sh"]


def test_two_checkouts_give_the_same_bytes(tmp_path: Path) -> None:
    files = CODE | {"pyproject.toml": LISTED}
    first = grow(tmp_path / "one" / "project", files)
    second = grow(tmp_path / "two" / "project", dict(reversed(files.items())))
    for number, file in enumerate(second.rglob("*")):
        os.utime(file, (number, number))
    assert build(first, cache=None) == build(second, cache=None)


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"setup.py": ""}, id="setup.py"),
        pytest.param({"setup.cfg": ""}, id="setup.cfg"),
        pytest.param({"MANIFEST.in": ""}, id="MANIFEST.in"),
        pytest.param({"pyproject.toml": LISTED.replace("setuptools.build_meta", "hatchling.build")}, id="backend"),
        pytest.param({"pyproject.toml": LISTED.replace('"wheel"', '"setuptools-scm"')}, id="more tools"),
        pytest.param({"pyproject.toml": LISTED.replace(">=61", ">=999")}, id="tools of the future"),
        pytest.param({"pyproject.toml": LISTED.replace(">=61", "<70")}, id="tools of the past"),
        pytest.param({"pyproject.toml": LISTED.replace('version = "1.2"', 'dynamic = ["version"]')}, id="dynamic"),
        pytest.param({"pyproject.toml": LISTED.replace('"1.2"', '"01.2"')}, id="version not in normal form"),
        pytest.param({"pyproject.toml": LISTED.replace("[tool", 'dependencies = ["x=1"]\n[tool')}, id="requirement"),
        pytest.param({"pyproject.toml": LISTED.replace("[tool", 'readme = "none.md"\n[tool')}, id="no such readme"),
        pytest.param({"pyproject.toml": LISTED.replace("[tool", 'scripts = { x = "trainer:x" }\n[tool')}, id="scripts"),
        pytest.param({"pyproject.toml": LISTED + "exclude-package-data = {}\n"}, id="unknown option"),
        pytest.param({"pyproject.toml": LISTED.replace('["trainer"]', '["trainer", "none"]')}, id="no such package"),
        pytest.param(
            {"pyproject.toml": LISTED.replace('["trainer"]', '["trainer", "a"]'), "a/x.csv": ""},
            id="package of nothing",
        ),
        pytest.param({"pyproject.toml": LISTED.replace('["trainer"]', '"trainer"')}, id="wrong type"),
        pytest.param({"pyproject.toml": data('["../x"]')}, id="pattern that leads out"),
        pytest.param(
            {"pyproject.toml": FLAT + '[tool.setuptools.package-data]\ntrainer = ["*"]\n'}, id="files of a build"
        ),
        pytest.param({"pyproject.toml": PROJECT, "other/__init__.py": ""}, id="two packages in a flat layout"),
        pytest.param({"pyproject.toml": PROJECT + "[tool.distutils.sdist]\n"}, id="options of distutils"),
        pytest.param({"trainer/CVS/x.py": ""}, id="folders that setuptools leaves out"),
    ],
)
def test_what_is_not_known_exactly_is_left_to_setuptools(files: Mapping[str, str]) -> None:
    known = {"pyproject.toml": LISTED, **CODE}
    assert in_memory.make(members(known), "84.2.1") is not None
    assert in_memory.make(members({**known, **files}), "84.2.1") is None
