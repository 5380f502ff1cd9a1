"""A project with a build file is built by its own hooks, and what that silently gets wrong is said."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from packaging.requirements import InvalidRequirement, Requirement

from submit.errors import Problem
from submit.package import build
from submit.package.archive import unpack
from tests.package.trees import FIND_PACKAGES, grow, refusal, warned

BUILD_SYSTEM = '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
PROJECT = BUILD_SYSTEM + '[project]\nname = "trainer"\nversion = "1.2"\n[tool.setuptools]\npackages = ["trainer"]\n'
CODE = {"trainer/__init__.py": "", "trainer/task.py": "print('ran')\n"}


def only_problem(path: Path) -> Problem:
    (problem,) = refusal(path).problems
    return problem


def test_a_setup_file_beside_the_folder_builds_it(tmp_path: Path) -> None:
    setup = FIND_PACKAGES.replace("version", "install_requires=['numpy>=1.21'], extras_require={'x': ['y']}, version")
    built = build(grow(tmp_path, CODE | {"setup.py": setup}) / "trainer", cache=None)
    assert built.package.filename == "trainer-1.2.tar.gz"
    assert built.package.modules == ("trainer", "trainer.task")
    assert built.package.requirements == ("numpy>=1.21",)
    assert built.problems == ()


def test_a_build_file_inside_wins_over_one_beside(tmp_path: Path) -> None:
    inside = PROJECT + 'package-dir = { trainer = "." }\n'
    files = CODE | {"setup.py": "raise SystemExit('not this one')", "trainer/pyproject.toml": inside}
    built = build(grow(tmp_path, files) / "trainer", cache=None)
    assert built.package.modules == ("trainer", "trainer.task")
    assert built.problems == ()


def test_a_project_in_src_layout_is_built(tmp_path: Path) -> None:
    files = {"pyproject.toml": PROJECT + 'package-dir = { "" = "src" }\n', "src/trainer/__init__.py": ""}
    files |= {"src/trainer/data.csv": "", "README.md": "", "tests/test_it.py": ""}
    built = build(grow(tmp_path / "my-project", files), cache=None)
    assert built.package.modules == ("trainer",)
    assert warned(built) == [
        (
            "`src/trainer/data.csv` is not in the package",
            "List it in `package_data`, or in `MANIFEST.in` together with `include_package_data=True`.",
        )
    ]


def test_a_project_file_beside_that_is_about_something_else_is_not_used(tmp_path: Path) -> None:
    other = PROJECT.replace("trainer", "toolkit")
    built = build(grow(tmp_path, CODE | {"pyproject.toml": other, "toolkit/__init__.py": ""}) / "trainer", cache=None)
    assert built.package.filename == "trainer-0.0.0.tar.gz"
    assert built.problems == ()


def test_a_project_file_beside_is_used_if_what_it_builds_holds_the_folder(tmp_path: Path) -> None:
    finds = BUILD_SYSTEM + '[project]\nname = "research"\nversion = "3"\n[tool.setuptools.packages.find]\n'
    built = build(grow(tmp_path, CODE | {"pyproject.toml": finds}) / "trainer", cache=None)
    assert built.package.filename == "research-3.tar.gz"


def test_a_project_file_beside_that_cannot_be_built_is_set_aside_with_a_warning(tmp_path: Path) -> None:
    broken = BUILD_SYSTEM + '[project]\nname = "research"\nversion = "3"\ndependencies = ["numpy"]\n'
    files = CODE | {"pyproject.toml": broken, "other/__init__.py": ""}
    built = build(grow(tmp_path, files) / "trainer", cache=None)
    assert built.package.filename == "trainer-0.0.0.tar.gz"
    assert built.package.requirements == ("numpy",)
    ((message, _),) = warned(built)
    assert "Multiple top-level packages discovered in a flat-layout" in message
    assert message.endswith("; `trainer` is packaged without it")


def words_against(requirement: str) -> str:
    """What the installed `packaging`, whose words setuptools repeats, has against it; they differ by its version."""
    with pytest.raises(InvalidRequirement) as caught:
        Requirement(requirement)
    return str(caught.value).splitlines()[0]


@pytest.mark.parametrize(
    "table",
    [
        '[project]\nname = "x"\nversion = "1"\n',
        BUILD_SYSTEM + '[project]\nname = "x"\nversion = "1"\n[tool.uv]\npackage = false\n',
        "[tool.ruff]\nline-length = 120\n",
    ],
)
def test_a_project_file_that_builds_nothing_is_not_built(tmp_path: Path, table: str) -> None:
    built = build(grow(tmp_path, CODE | {"trainer/pyproject.toml": table}) / "trainer", cache=None)
    assert built.package.filename == "trainer-0.0.0.tar.gz"


def test_a_backend_of_its_own_is_run_in_an_environment_of_its_own(tmp_path: Path) -> None:
    pytest.importorskip("uv", reason="without uv, making an environment takes seconds")
    files = CODE | {
        "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "own"\nbackend-path = ["tools"]\n'
        '[project]\nname = "trainer"\n',
        "tools/own.py": OWN_BACKEND,
    }
    package = build(grow(tmp_path, files) / "trainer", cache=None).package
    assert package.filename == "trainer-7.tar.gz"
    assert package.modules == ("trainer.task",)


def test_tools_that_cannot_be_installed_are_an_error_that_names_them(tmp_path: Path) -> None:
    pytest.importorskip("uv", reason="without uv, making an environment takes seconds")
    table = PROJECT.replace('"setuptools"]', '"./no-such-tool.whl"]')
    problem = only_problem(grow(tmp_path, CODE | {"pyproject.toml": table}) / "trainer")
    assert problem.message.startswith("the tools that build the package could not be installed: ")
    assert problem.hint.startswith("`build-system.requires` of `pyproject.toml` has to be installed first")


def test_two_checkouts_of_a_project_give_the_same_bytes(tmp_path: Path) -> None:
    files = CODE | {"setup.py": FIND_PACKAGES, "README.md": "x", "MANIFEST.in": "include README.md\n"}
    first = grow(tmp_path / "one" / "project", files) / "trainer"
    mask = os.umask(0o077)
    try:
        second = grow(tmp_path / "two" / "project", dict(reversed(files.items()))) / "trainer"
    finally:
        os.umask(mask)
    for number, file in enumerate((tmp_path / "two").rglob("*")):
        os.utime(file, (number + 400_000_000, number + 400_000_000))
    one, two = build(first, cache=None), build(second, cache=None)
    assert one.package.data == two.package.data
    assert one == two


def test_the_executable_bit_survives_the_build(tmp_path: Path) -> None:
    files = CODE | {"setup.py": FIND_PACKAGES, "trainer/run.sh": "#!/bin/sh\n", "MANIFEST.in": "graft trainer\n"}
    folder = grow(tmp_path, files) / "trainer"
    (folder / "run.sh").chmod(0o755)
    package = build(folder, cache=None).package
    assert unpack(package.filename, package.data)[1]["trainer/run.sh"].executable


def test_the_build_leaves_nothing_in_the_tree(tmp_path: Path) -> None:
    grow(tmp_path, CODE | {"setup.py": FIND_PACKAGES})
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    build(tmp_path / "trainer", cache=None)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


# Typical mistakes: those that setuptools makes nothing of, then those that it stops at.


@pytest.mark.parametrize(
    ("files", "missing", "hint"),
    [
        pytest.param(
            {"setup.py": FIND_PACKAGES, "trainer/task.py": ""},
            "`trainer/task.py` is not in the package",
            "The folder has no `__init__.py`: create `trainer/__init__.py`; it can be empty.",
            id="no __init__.py",
        ),
        pytest.param(
            CODE | {"setup.py": FIND_PACKAGES, "trainer/models/net.py": ""},
            "`trainer/models/net.py` is not in the package",
            "The folder has no `__init__.py`: create `trainer/models/__init__.py`; it can be empty.",
            id="sub-package without __init__.py",
        ),
        pytest.param(
            CODE | {"setup.py": FIND_PACKAGES.replace("find_packages()", "['trainer']"), "trainer/a/__init__.py": ""},
            "`trainer/a/__init__.py` is not in the package",
            "Name its package in `packages`, best with `find_packages()`.",
            id="sub-package not listed",
        ),
        pytest.param(
            CODE | {"setup.py": FIND_PACKAGES} | {f"trainer/data/{name}.json": "" for name in "abcd"},
            "`trainer/data/a.json`, `trainer/data/b.json`, `trainer/data/c.json` and 1 more are not in the package",
            "List it in `package_data`, or in `MANIFEST.in` together with `include_package_data=True`.",
            id="package_data forgotten",
        ),
        pytest.param(
            CODE
            | {
                "setup.py": FIND_PACKAGES.replace("version", "include_package_data=True, version"),
                "trainer/data/c.json": "",
            },
            "`trainer/data/c.json` is not in the package",
            "List it in `package_data`, or in `MANIFEST.in` together with `include_package_data=True`.",
            id="only include_package_data",
        ),
        pytest.param(
            CODE | {"setup.py": FIND_PACKAGES, "requirements.txt": "numpy"},
            "requirements.txt: is not used: `setup.py` builds the package and names no requirements",
            "Name them as `install_requires` or `dependencies` there.",
            id="requirements.txt that nothing reads",
        ),
    ],
)
def test_what_setuptools_leaves_out_in_silence_is_a_warning(
    tmp_path: Path, files: Mapping[str, str], missing: str, hint: str
) -> None:
    ((message, said),) = warned(build(grow(tmp_path, files) / "trainer", cache=None))
    assert message.removeprefix(f"{tmp_path}/") == missing
    assert said == hint


FAILS = "the package cannot be built: "


@pytest.mark.parametrize(
    ("files", "line", "message", "hint"),
    [
        pytest.param(
            {"setup.py": "needs = open('requirements.txt').read()\n" + FIND_PACKAGES, "requirements.txt": "numpy"},
            1,
            "the package builds, but cannot be installed from its archive, so the job would fail at its start: "
            "FileNotFoundError: [Errno 2] No such file or directory: 'requirements.txt'",
            "The build reads `requirements.txt`, which is not in the archive: "
            "add the line `include requirements.txt` to `MANIFEST.in`.",
            id="setup.py reads a file that is not in the archive",
        ),
        pytest.param(
            {"setup.py": "open('README.rst')\n" + FIND_PACKAGES},
            1,
            FAILS + "FileNotFoundError: [Errno 2] No such file or directory: 'README.rst'",
            "Create `README.rst`, or do not read it in the build.",
            id="setup.py reads a file that does not exist",
        ),
        pytest.param(
            {"setup.py": "open('VERSION')\n" + FIND_PACKAGES, "VERSION": "1", ".gitignore": "VERSION\n"},
            1,
            FAILS + "FileNotFoundError: [Errno 2] No such file or directory: 'VERSION'",
            "`.gitignore` names `VERSION`, so it stays out; take it back with a line `!VERSION` in `.submitignore`.",
            id="setup.py reads a file that git ignores",
        ),
        pytest.param(
            {"setup.py": FIND_PACKAGES.replace("find_packages()", "['train']")},
            0,
            FAILS + "package directory 'train' does not exist",
            "`packages` names `train`, but there is no such folder in `{root}`.",
            id="packages names a folder that does not exist",
        ),
        pytest.param(
            {"setup.py": "from setuptools import setup\nsetup(name='x', version='1')\n", "other/__init__.py": ""},
            0,
            FAILS + "Multiple top-level packages discovered in a flat-layout: ['{first}', '{second}']",
            "Name the packages: `find_packages(include=['trainer', 'trainer.*'])`, or `[tool.setuptools] packages`.",
            id="several top-level folders",
        ),
        pytest.param(
            {"setup.py": "import nonesuch\n" + FIND_PACKAGES},
            1,
            FAILS + "ModuleNotFoundError: No module named 'nonesuch'",
            "`nonesuch` is not there where packages are built: let `setup.py` import setuptools only, "
            "or name what it needs under `[build-system] requires` in a `pyproject.toml`.",
            id="setup.py imports what is not installed",
        ),
        pytest.param(
            {"setup.py": "from setuptools import setup\nsetup(name='x'\n"},
            2,
            FAILS + "SyntaxError: '(' was never closed",
            "",
            id="syntax error",
        ),
        pytest.param(
            {"setup.py": FIND_PACKAGES.replace("'1.2'", "'one'")},
            2,
            FAILS + "packaging.version.InvalidVersion: Invalid version: 'one'",
            "",
            id="bad version",
        ),
        pytest.param(
            {"setup.py": FIND_PACKAGES.replace("version", "install_requires=['numpy=1'], version")},
            0,
            FAILS + "error in trainer setup command: 'install_requires' must be a string or iterable of strings "
            f"containing valid project/version requirement specifiers; {words_against('numpy=1')}",
            "`numpy=1` is not a requirement; an exact version is written with `==`.",
            id="bad requirement",
        ),
        pytest.param(
            {"pyproject.toml": PROJECT.replace('version = "1.2"\n', "")},
            0,
            FAILS + "`project` must contain ['version'] properties",
            "",
            id="pyproject.toml without a version",
        ),
        pytest.param(
            {"pyproject.toml": '[project]\nname = "trainer\n'},
            2,
            "not TOML: Illegal character '\\n'",
            "",
            id="pyproject.toml is not TOML",
        ),
    ],
)
def test_what_setuptools_stops_at_is_one_sentence_and_a_hint(
    tmp_path: Path, files: Mapping[str, str], line: int, message: str, hint: str
) -> None:
    problem = only_problem(grow(tmp_path / "project", {**CODE, **files}) / "trainer")
    order = dict(zip(("first", "second"), _in_order(problem.message, ("trainer", "other")), strict=True))
    assert problem.message == message.format(**order)
    assert problem.hint == hint.format(root=tmp_path / "project")
    file = "pyproject.toml" if "pyproject.toml" in files else "setup.py"
    assert problem.place is not None
    assert (problem.place.file, problem.place.line) == (str(tmp_path / "project" / file), line)


def test_a_missing_readme_that_setuptools_forgives_is_forgiven(tmp_path: Path) -> None:
    table = PROJECT.replace('version = "1.2"\n', 'version = "1.2"\nreadme = "README.md"\n')
    assert build(grow(tmp_path, CODE | {"pyproject.toml": table}) / "trainer", cache=None).problems == ()


def _in_order(text: str, words: tuple[str, str]) -> list[str]:
    """setuptools lists folders in the order of the file system."""
    return sorted(words, key=lambda word: text.find(f"'{word}'"))


OWN_BACKEND = """
import io, tarfile, zipfile

def build_sdist(folder, config_settings=None):
    with tarfile.open(f"{folder}/trainer-7.tar.gz", "w:gz") as tar:
        for name in ("pyproject.toml", "tools/own.py", "trainer/task.py"):
            tar.add(name, f"trainer-7/{name}")
    return "trainer-7.tar.gz"

def build_wheel(folder, config_settings=None, metadata_directory=None):
    with zipfile.ZipFile(f"{folder}/trainer-7-py3-none-any.whl", "w") as wheel:
        wheel.write("trainer/task.py")
        wheel.writestr("trainer-7.dist-info/METADATA", "Metadata-Version: 2.1\\nName: trainer\\nVersion: 7\\n")
    return "trainer-7-py3-none-any.whl"
"""
