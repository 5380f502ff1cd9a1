"""`submit emulator env` in a real shell, and what is left of it afterwards."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.project import Project

SUBMIT = f"{shlex.quote(sys.executable)} -m submit.cli emulator"
PRINT = f"{shlex.quote(sys.executable)} -c 'import json, os; print(json.dumps(dict(os.environ)))'"
SHELLS_OWN = {"_", "PWD", "SHLVL", "OLDPWD", "LC_CTYPE"}


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Iterator[Project]:
    folder = tmp_path_factory.mktemp("env")
    project = Project.of(folder, cache)
    project.environ |= {"https_proxy": "http://company.example:3128", "GOOGLE_CLOUD_PROJECT": "mine"}
    assert project.submit("emulator", "start").code == 0
    yield project
    project.submit("emulator", "stop")


def shell(project: Project, script: str) -> str:
    argv = ["sh", "-euc", script]
    done = subprocess.run(argv, env=project.environ, cwd=project.folder, text=True, capture_output=True, check=True)
    return done.stdout


def environment(lines: str) -> dict[str, str]:
    found: dict[str, str] = json.loads(lines)
    return {name: value for name, value in found.items() if name not in SHELLS_OWN}


def test_a_shell_goes_in_and_comes_out_as_it_was(emulator: Project) -> None:
    enter, leave = f'eval "$({SUBMIT} env)"', f'eval "$({SUBMIT} env --unset)"'
    before, among, again, after = map(
        environment,
        shell(emulator, f"{PRINT}; {enter}; {PRINT}; {enter}; {PRINT}; {leave}; {leave}; {PRINT}").splitlines(),
    )
    assert among == again
    assert after == before
    assert among["https_proxy"] == among["STORAGE_EMULATOR_HOST"] != before["https_proxy"]
    assert among["GOOGLE_CLOUD_PROJECT"] == among["CLOUDSDK_CORE_PROJECT"] == "mine"


def test_programs_get_the_same_as_json_and_in_an_env_file(emulator: Project) -> None:
    as_json = emulator.submit("emulator", "env", "--format", "json").json
    lines = emulator.submit("emulator", "env", "--format", "dotenv").out.splitlines()
    pairs = [line.partition("=") for line in lines]
    assert {name: value.strip("'") for name, _, value in pairs} == as_json
    exports = [shlex.split(line)[1].partition("=") for line in emulator.submit("emulator", "env").out.splitlines()]
    assert {name: value for name, _, value in exports} == as_json


def test_an_env_file_cannot_take_anything_back(emulator: Project) -> None:
    emulator.environ["JOBDIR_EMULATOR_REPLACED"] = '{"STORAGE_EMULATOR_HOST": null}'
    refused = emulator.submit("emulator", "env", "--unset", "--format", "dotenv")
    given = emulator.submit("emulator", "env", "--unset", "--format", "json").json
    del emulator.environ["JOBDIR_EMULATOR_REPLACED"]
    assert (refused.code, refused.out) == (2, "")
    assert given == {"STORAGE_EMULATOR_HOST": None, "JOBDIR_EMULATOR_REPLACED": None}


def test_its_files_are_its_owners_alone(emulator: Project) -> None:
    variables = emulator.submit("emulator", "env", "--format", "json").json
    for name in ("GOOGLE_APPLICATION_CREDENTIALS", "SSL_CERT_FILE"):
        assert Path(variables[name]).stat().st_mode & 0o077 == 0


def test_the_port_is_the_same_after_a_restart_also_of_a_shell_inside(emulator: Project) -> None:
    before = emulator.submit("emulator", "env", "--format", "json").json
    emulator.submit("emulator", "stop")
    restarted = emulator.submit("emulator", "start", env=before)
    assert restarted.code == 0, restarted.err
    assert emulator.submit("emulator", "env", "--format", "json").json == before


def test_without_an_emulator_it_says_so(project: Project) -> None:
    missing = project.submit("emulator", "env")
    assert (missing.code, missing.out) == (3, "")
