"""The environments of trainers on real clusters: made once, or taken from the site."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from submit.job import State
from submit.testing.conformance import messages
from submit.testing.site import Site
from tests.clusters import slurm
from tests.clusters.configs import pools, section
from tests.clusters.sites import folder_of, site_of

TASKS = 32
WHERE = "import sys; print('in', sys.prefix, flush=True)"
BROUGHT = "import brought, os, sys; print('has', brought.value, os.environ.get('BROUGHT'), flush=True)"
RUNTIME = """\
#!/bin/sh
# What Apptainer does as far as a job can tell: another PATH, in the folder that was asked for.
printf '%s\\n' "$*" >> "{calls}"
shift
while :; do
  case $1 in
    --nv) shift ;;
    --bind) [ -d "$2" ] || exit 255; shift 2 ;;
    --pwd) cd "$2" || exit 255; shift 2 ;;
    *) break ;;
  esac
done
PATH="$1/bin:/usr/bin:/bin" BROUGHT="$1"
export PATH BROUGHT
shift
exec "$@"
"""


@dataclass(frozen=True)
class Place:
    """A site, and what its nodes have: modules `python/9.9` and `apptainer/9.9` in `folder`, and `venv`."""

    site: Site
    folder: Path

    @property
    def venv(self) -> Path:
        return self.folder / "venv"

    def config(self, environment: object, **more: object) -> str:
        modules, backend = f"MODULEPATH={self.folder / 'modules'}", self.site.target.backend
        directive = {"slurm": f"--export={modules}", "gridengine": f"-v {modules}"}[backend]
        return pools() + section(backend, environment=environment, cpus=1, directives=[directive], **more)


@pytest.fixture(scope="module")
def place(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Place:
    folder = tmp_path_factory.mktemp("has")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "venv"], check=True)
    (packages,) = folder.glob("venv/lib/python*/site-packages")
    (packages / "brought.py").write_text("value = 'by the venv'\n")
    (folder / "lib").mkdir()
    (folder / "lib" / "brought.py").write_text("value = 'by a module'\n")
    _module(folder, "python", f"prepend-path PATH {folder}/venv/bin\nprepend-path PYTHONPATH {folder}/lib")
    _module(folder, "apptainer", f"prepend-path PATH {folder}/runtime")
    (folder / "runtime").mkdir()
    (folder / "runtime" / "apptainer").write_text(RUNTIME.format(calls=folder / "calls"))
    (folder / "runtime" / "apptainer").chmod(0o755)
    return Place(site, folder)


def _module(folder: Path, name: str, text: str) -> None:
    path = folder / "modules" / name / "9.9"
    path.parent.mkdir(parents=True)
    path.write_text(f"#%Module1.0\nsetenv BROUGHT {name}\n{text}\n")


needs_modules = pytest.mark.skipif(
    not (Path("/etc/profile.d/modules.sh").exists() or Path("/etc/profile.d/lmod.sh").exists()),
    reason="there are no environment modules here",
)


@needs_modules
def test_modules_bring_the_interpreter_and_what_they_have(place: Place) -> None:
    handle = place.site.submit(BROUGHT, config=place.config({"modules": ["python/9.9"]}, python="python3"))
    assert place.site.end(handle).state is State.SUCCEEDED
    assert messages(place.site.log(handle), "has ") == ["has by a module python"]


@needs_modules
def test_a_module_that_cannot_be_loaded_fails_the_job_and_is_named(place: Place) -> None:
    status = place.site.end(place.site.submit(BROUGHT, config=place.config({"modules": ["python/9.9", "cuda/12"]})))
    assert status.state is State.FAILED
    assert "the module cuda/12 cannot be loaded on" in status.message


def test_a_virtual_environment_is_used_and_stays_as_it_is(place: Place) -> None:
    before = {path: path.lstat().st_mtime_ns for path in place.venv.rglob("*")}
    handle = place.site.submit(BROUGHT, config=place.config({"venv": str(place.venv)}))
    assert place.site.end(handle).state is State.SUCCEEDED
    assert messages(place.site.log(handle), "has ") == ["has by the venv None"]
    assert {path: path.lstat().st_mtime_ns for path in place.venv.rglob("*")} == before


def test_a_virtual_environment_that_is_not_there_is_named(place: Place) -> None:
    status = place.site.end(place.site.submit(BROUGHT, config=place.config({"venv": "/no/such/venv"})))
    assert (status.state, "there is no /no/such/venv/bin/python on" in status.message) == (State.FAILED, True)


@needs_modules
def test_an_image_sees_the_jobs_files_and_its_job_dir(place: Place) -> None:
    """With a stand-in for Apptainer: a program of its name that is called as it is, and notes it."""
    said = {"modules": ["apptainer/9.9"], "image": str(place.venv)}
    prepared = place.site.prepared(BROUGHT, config=place.config(said, python="python3"))
    job_dir = prepared.spec.job_dir
    handle = place.site.create(prepared)
    assert place.site.end(handle).state is State.SUCCEEDED
    assert messages(place.site.log(handle), "has ") == [f"has by the venv {place.venv}"]
    called = shlex.split((place.folder / "calls").read_text().splitlines()[-1])
    root = Path(place.site.around.environ["HOME"]).resolve() / ".jobdir"
    folder = folder_of(place.site, handle).resolve()
    assert called[:7] == ["exec", "--bind", str(root), "--pwd", str(folder), "--bind", job_dir]
    assert called[7:9] == [str(place.venv), "python3"]


def test_without_a_program_for_images_the_job_fails_and_says_so(place: Place) -> None:
    if shutil.which("apptainer") or shutil.which("singularity"):
        pytest.skip("there is one here")
    status = place.site.end(place.site.submit(BROUGHT, config=place.config({"image": "/no/such.sif"})))
    assert status.state is State.FAILED
    assert "there is neither apptainer nor singularity on" in status.message


@pytest.mark.slow
@pytest.mark.parametrize("cluster", ["slurm"], indirect=True)
def test_many_tasks_that_begin_at_once_make_one_environment(site: Site, cluster: slurm.Slurm, tmp_path: Path) -> None:
    site = site_of("slurm", tmp_path, site.around.environ)
    held = pools() + section("slurm", cpus=1, directives=["--hold"])
    prepared = [site.prepared(WHERE, config=held) for _ in range(TASKS)]
    with ThreadPoolExecutor(4) as pool:
        handles = list(pool.map(site.create, prepared))
    cluster.run("scontrol", "release", ",".join(cluster.run("squeue", "-h", "-o", "%i").split()))
    ends = [site.end(handle).state for handle in handles]
    logs = [site.log(handle) for handle in handles]
    assert ends == [State.SUCCEEDED] * TASKS
    assert len({text for log in logs for text in messages(log, "in ")}) == 1
    assert len([text for log in logs for text in messages(log, "Installing the package")]) == 1
    cache = tmp_path / ".jobdir" / "cache"
    assert [len([made for made in folder.iterdir() if made.is_dir()]) for folder in cache.iterdir()] == [1, 1]
