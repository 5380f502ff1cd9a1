"""A folder without a build file becomes a source distribution as it is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from submit.errors import UsageError
from submit.package import build, plain
from submit.package.archive import Member, pack, unpack
from submit.package.choose import Project
from submit.world import build as builds
from submit.world import tree
from tests.package.trees import grow, refusal, warned

TRAINER = {
    "trainer/__init__.py": "",
    "trainer/task.py": "import trainer.models.deep.net\nprint(trainer.models.deep.net.words())\n",
    "trainer/models/deep/net.py": (
        "import os\ndef words():\n    return open(os.path.join(os.path.dirname(__file__), '..', 'a[1].txt')).read()\n"
    ),
    "trainer/models/a[1].txt": "found",
    "trainer/models/.hidden": "x",
    "trainer/2d-scripts/plot.py": "",
    "trainer/run.sh": "#!/bin/sh\n",
    "requirements.txt": 'numpy >= 1.21  # arrays\npandas; python_version < "3.13"\n',
}


def install(sdist: bytes, to: Path) -> Path:
    """The files that setuptools installs from a source distribution."""
    _, members = unpack("trainer-0.0.0.tar.gz", sdist)
    _, wheel = builds.build(Project(root=to / "trainer-0.0.0", file="setup.py"), members)
    tree.write(to, unpack(wheel.filename, wheel.data)[1])
    return to


def test_it_is_named_after_the_folder_and_holds_every_file(tmp_path: Path) -> None:
    package = build(grow(tmp_path, TRAINER) / "trainer", cache=None).package
    assert package.filename == "trainer-0.0.0.tar.gz"
    assert package.files == ("PKG-INFO", "setup.py", *sorted(path for path in TRAINER if path.startswith("trainer/")))
    assert package.modules == (
        "trainer",
        "trainer.2d-scripts.plot",
        "trainer.models.deep.net",
        "trainer.task",
    )
    assert package.requirements == ("numpy >= 1.21", 'pandas; python_version < "3.13"')


def test_setuptools_installs_all_of_it_and_python_runs_it(tmp_path: Path) -> None:
    package = build(grow(tmp_path / "tree", TRAINER) / "trainer", cache=None).package
    site = install(package.data, tmp_path / "site")
    assert {path for path in TRAINER if path.startswith("trainer/")} <= {
        path.relative_to(site).as_posix() for path in site.rglob("*")
    }
    metadata = (site / "trainer-0.0.0.dist-info" / "METADATA").read_text()
    assert "Requires-Dist: numpy>=1.21\n" in metadata
    assert 'Requires-Dist: pandas; python_version < "3.13"\n' in metadata
    ran = subprocess.run([sys.executable, "-m", "trainer.task"], cwd=site, capture_output=True, text=True, check=True)
    assert ran.stdout == "found\n"


def test_text_that_looks_like_python_cannot_break_out_of_the_setup_file(tmp_path: Path) -> None:
    name = "data'); import os; os.abort(); ('.txt"
    files = {"trainer/__init__.py": "", f"trainer/{name}": "x", "trainer/ü.txt": "y"}
    package = build(grow(tmp_path, files) / "trainer", cache=None).package
    assert (install(package.data, tmp_path / "site") / "trainer" / name).read_text() == "x"


@settings(max_examples=200)
@given(
    st.dictionaries(
        st.text(st.characters(codec="utf-8", exclude_characters="/\n\r\\\0"), min_size=1, max_size=8),
        st.binary(max_size=9),
    )
)
def test_whatever_the_files_are_called_the_setup_file_is_python(names: dict[str, bytes]) -> None:
    files = {name: Member(data) for name, data in names.items() if name not in (".", "..")} | {"task.py": Member(b"")}
    members = plain.members("trainer", files, [])
    compile(members["setup.py"].data, "setup.py", "exec")
    assert unpack("trainer-0.0.0.tar.gz", pack("trainer-0.0.0", members))[1] == members


def test_two_checkouts_of_a_tree_give_the_same_bytes(tmp_path: Path) -> None:
    first = grow(tmp_path / "one", TRAINER) / "trainer"
    mask = os.umask(0o077)
    try:
        second = grow(tmp_path / "two", dict(reversed(TRAINER.items()))) / "trainer"
    finally:
        os.umask(mask)
    for number, file in enumerate(second.rglob("*")):
        os.utime(file, (number, number))
    one, two = build(first, cache=None).package, build(second, cache=None).package
    assert one == two
    assert one.source_digest == two.source_digest


def test_another_byte_another_name_or_an_executable_bit_gives_another_digest(tmp_path: Path) -> None:
    folder = grow(tmp_path, TRAINER) / "trainer"
    digests = [build(folder, cache=None).package.source_digest]
    (folder / "task.py").write_text("")
    digests.append(build(folder, cache=None).package.source_digest)
    (folder / "task.py").rename(folder / "task2.py")
    digests.append(build(folder, cache=None).package.source_digest)
    (folder / "run.sh").chmod(0o755)
    package = build(folder, cache=None).package
    digests.append(package.source_digest)
    assert len(set(digests)) == 4
    assert unpack(package.filename, package.data)[1]["trainer/run.sh"].executable


def test_the_tree_is_left_as_it_was(tmp_path: Path) -> None:
    folder = grow(tmp_path, TRAINER) / "trainer"
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    build(folder, cache=None)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_a_folder_without_init_file_is_packaged_with_a_warning(tmp_path: Path) -> None:
    built = build(grow(tmp_path, {"trainer/task.py": ""}) / "trainer", cache=None)
    assert built.package.modules == ("trainer.task",)
    assert warned(built) == [
        (
            "trainer/__init__.py: there is none: another package of this name in the job's image would be used instead",
            "Create it; it can be empty.",
        )
    ]


@pytest.mark.parametrize(
    ("files", "folder", "message"),
    [
        ({"my-trainer/task.py": ""}, "my-trainer", "`my-trainer` cannot be the name of a Python package"),
        ({"class/task.py": ""}, "class", "`class` cannot be the name of a Python package"),
        ({"trainer/data.csv": ""}, "trainer", "`trainer` has no Python file that could be sent"),
    ],
)
def test_a_folder_that_cannot_be_a_package_is_refused(
    tmp_path: Path, files: dict[str, str], folder: str, message: str
) -> None:
    assert str(refusal(grow(tmp_path, files) / folder)) == message


def test_a_path_that_is_no_folder_is_refused_with_what_to_name_instead(tmp_path: Path) -> None:
    grow(tmp_path, {"trainer/task.py": "", "dist/a-1.tar.gz": ""})
    hints = []
    for path in ("trainer/task.py", "dist/a-1.tar.gz", "nowhere"):
        with pytest.raises(UsageError) as caught:
            build(tmp_path / path, cache=None)
        hints.append(caught.value.problems[0].hint)
    assert hints == [
        f"Name the folder of the package: `{tmp_path / 'trainer'}`.",
        "Pass archives with `--packages`.",
        "Name the trainer's package with `--package-path`.",
    ]


def test_a_package_above_the_limit_is_warned_about_with_its_largest_files(tmp_path: Path) -> None:
    noise = os.urandom(70_000)
    folder = grow(tmp_path, {"trainer/__init__.py": "", "trainer/data.bin": noise}) / "trainer"
    assert build(folder, cache=None).problems == ()
    ((message, hint),) = warned(build(folder, cache=None, max_bytes=60_000))
    assert message.startswith("the package has 69.")
    assert message.endswith("; its largest files are `data.bin` (68.4 KiB), `__init__.py` (0 B)")
    assert "`--max-package-size`" in hint
