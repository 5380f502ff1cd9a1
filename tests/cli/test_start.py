"""What a command does not load: each of these would be waited for on every call."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from submit.backends import REGISTRY
from tests.project import REPOSITORY, Project

SUBMITTING = {"submit.job", "submit.submission", "submit.config", "submit.package", "submit.catalogue"}
KEEPING = {"submit.intents.intent", "submit.world.journal", "submit.provenance.record"}
BACKENDS = {f"submit.backends.{name}" for name in ("vertex", "mlengine", "slurm", "gridengine", "batch", "local_job")}
REGISTERED = tuple(REGISTRY)
LIBRARIES = {"yaml", "hashlib", "random", "subprocess", "tempfile", "requests", "click.shell_completion"}


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Project:
    """With one job that has ended."""
    project = Project.of(tmp_path_factory.mktemp("start"), cache)
    project.trainer("print('up')")
    assert project.submit("train", "--job-name", "one").code == 0
    return project


@pytest.mark.parametrize("argv", [["list"], ["describe", "one"], ["stream-logs", "one"], ["wait", "one"]])
def test_looking_after_jobs_loads_nothing_that_makes_them(ended: Project, argv: list[str]) -> None:
    assert loaded(ended, "jobs", *argv) & (SUBMITTING | KEEPING | BACKENDS | LIBRARIES) == set()


@pytest.mark.parametrize("name", REGISTRY)
def test_a_backend_that_is_asked_of_jobs_loads_nothing_that_makes_them(name: str) -> None:
    source = f"import sys, submit.client; from submit.backends import load; load({name!r}); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", source], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    found = set(done.stdout.split())
    others = {f"submit.backends.{other}" for other in REGISTRY if other != name}
    assert f"submit.backends.{name}" in found
    assert found & (SUBMITTING | KEEPING | others | {"subprocess", "requests", "importlib.resources"}) == set()


def test_each_verb_loads_no_other(ended: Project) -> None:
    verbs = {f"submit.cli.{name}" for name in ("logs", "follow", "metrics", "wait", "ending", "provenance", "recover")}
    assert loaded(ended, "jobs", "describe", "one") & verbs == set()
    assert loaded(ended, "jobs", "wait", "one") & verbs == {"submit.cli.wait"}


def test_help_on_jobs_loads_none_of_their_verbs(ended: Project) -> None:
    found = loaded(ended, "jobs", "--help")
    assert {name for name in found if name.startswith("submit.cli.")} == {
        f"submit.cli.{name}" for name in ("app", "jobs", "lazy")
    }
    assert "submit.client" not in found


def test_the_emulators_variables_are_printed_without_what_its_other_commands_need(ended: Project) -> None:
    found = loaded(ended, "emulator", "env", "--unset")
    assert {name for name in found if name.startswith("submit.cli.emulator")} == {
        f"submit.cli.emulator{name}" for name in ("", "_env", "_place")
    }
    assert found & (SUBMITTING | KEEPING | {"http.client", "uvicorn"}) == set()


def test_help_on_train_loads_its_options_alone(ended: Project) -> None:
    found = loaded(ended, "train", "--help")
    assert found & (SUBMITTING | KEEPING | BACKENDS | LIBRARIES | {"submit.client", "submit.status"}) == set()


def test_a_check_loads_what_reads_configs_and_nothing_that_submits(ended: Project) -> None:
    ended.write("config.yaml", "trainingInput:\n  scaleTier: BASIC\n")
    found = loaded(ended, "check", "config.yaml")
    assert {"submit.config", "yaml"} <= found
    assert found & {"submit.submission", "submit.package", "submit.client", "submit.steps"} == set()
    assert found & (KEEPING | BACKENDS | (LIBRARIES - {"yaml"}) | {"importlib.resources"}) == set()


def test_a_submission_loads_one_backend_and_follows_only_if_it_is_to(ended: Project) -> None:
    found = loaded(ended, "train", "--async")
    ours = {name for name in found if name.startswith("submit.backends.") and name.count(".") == 2}
    assert {name for name in ours if name.removeprefix("submit.backends.").startswith(REGISTERED)} == {
        f"submit.backends.{name}" for name in ("local", "local_folders", "local_job")
    }
    assert found & {"yaml", "submit.cli.follow", "submit.cli.dry_run", "submit.testing", "importlib.resources"} == set()
    assert found & {"subprocess", "tempfile", "random", "sysconfig", "zipfile"} == set()


def loaded(project: Project, *argv: str) -> set[str]:
    """The modules that a successful command has loaded by its end."""
    source = (
        "import sys; from submit.cli.app import run; code = run(sys.argv[1:])\n"
        "print(*sys.modules, file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", source, *argv],
        cwd=project.folder,
        env=project.environ,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stderr.splitlines()[-1].split())
