"""`requirements.txt` is read as pip reads it, and what cannot travel is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from submit.errors import UsageError
from submit.package import build
from submit.package.requirements import parse
from tests.package.trees import grow


def read(tmp_path: Path, **files: str | bytes) -> tuple[str, ...]:
    grow(tmp_path, {f"{name}.txt": content for name, content in files.items()})
    return parse(tmp_path / "requirements.txt", Path.read_bytes)


def test_comments_continuations_and_repeats_are_understood(tmp_path: Path) -> None:
    text = (
        "# top\n\nnumpy>=1.21  # arrays\nscipy \\\n  >=1.0, \\\n  <2\nnumpy>=1.21\nx @ https://e.org/x.whl#sha256=1\n"
    )
    assert read(tmp_path, requirements=text) == (
        "numpy>=1.21",
        "scipy   >=1.0,   <2",
        "x @ https://e.org/x.whl#sha256=1",
    )


def test_included_files_are_followed_once(tmp_path: Path) -> None:
    base = "a\n-r requirements.txt\n"
    assert read(tmp_path, requirements="-r base.txt\n--requirement=base.txt\nb", base=base) == ("a", "b")


def test_files_of_powershell_and_with_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    assert read(tmp_path, requirements="numpy==1.21\r\n".encode("utf-16")) == ("numpy==1.21",)
    assert read(tmp_path, requirements="numpy==1.21".encode("utf-8-sig")) == ("numpy==1.21",)


@pytest.mark.parametrize(
    "line",
    ["numpy", "a.b_c-d", "x[y,z]==1.0", "x~=1.0,!=1.2", "x (>=1.0)", "x===1", 'x; sys_platform == "linux"', "x==1.*"],
)
def test_a_requirement_is_kept_as_it_is(tmp_path: Path, line: str) -> None:
    assert read(tmp_path, requirements=line) == (line,)


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        ("numpy=1.0", "`numpy=1.0` is not a requirement", "An exact version is written with `==`."),
        ("numpy 1.0", "`numpy 1.0` is not a requirement", "Write it like `numpy`, `numpy>=1.21` or"),
        ("./wheels/a.whl", "`./wheels/a.whl` is not a requirement", "Files of this machine are not there in the job"),
        (
            "git+https://e.org/x",
            "`git+https://e.org/x` is not a requirement",
            "Write it as `name @ git+https://e.org/x`.",
        ),
        (
            "--index-url https://e.org",
            "`--index-url` cannot be used in a package's requirements",
            "A package cannot carry",
        ),
        ("-e .", "`-e` cannot be used in a package's requirements", "Build it with `submit package FOLDER"),
        ("-c limits.txt", "`-c` cannot be used in a package's requirements", "Write the version limits into"),
        ("x==1 --hash=sha256:0", "options of pip cannot be used in a package's requirements", "Leave the options"),
    ],
)
def test_what_cannot_travel_is_refused_with_its_line(tmp_path: Path, line: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(tmp_path, requirements=f"numpy\n\n{line}\n")
    (problem,) = caught.value.problems
    assert str(problem) == f"{tmp_path / 'requirements.txt'}:3: {message}"
    assert problem.hint.startswith(hint)


def test_all_lines_at_fault_are_named_those_of_included_files_too(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        read(tmp_path, requirements="a=1\n-r other.txt\n-r missing.txt", other="\nb=1")
    places = [str(problem.place) for problem in caught.value.problems]
    assert places == [f"{tmp_path}/requirements.txt:1", f"{tmp_path}/other.txt:2", f"{tmp_path}/requirements.txt:3"]


def test_the_nearest_file_wins_then_the_projects_own_list(tmp_path: Path) -> None:
    files = {
        "trainer/__init__.py": "",
        "trainer/requirements.txt": "inside",
        "requirements.txt": "beside",
        "pyproject.toml": '[project]\nname = "research"\ndependencies = ["listed"]\n',
    }
    folder = grow(tmp_path, files) / "trainer"
    seen = []
    for file in (folder / "requirements.txt", tmp_path / "requirements.txt", tmp_path / "pyproject.toml"):
        seen.append(build(folder, cache=None).package.requirements)
        file.unlink()
    seen.append(build(folder, cache=None).package.requirements)
    assert seen == [("inside",), ("beside",), ("listed",), ()]
