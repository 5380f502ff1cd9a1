"""From a laptop: the cluster is reached through a real sshd, nothing else is shared but the nodes' own folder."""

from __future__ import annotations

import os
import pwd
import shlex
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from submit.errors import UnansweredError
from submit.job import Cause, Handle, State
from submit.steps import Command, Step
from submit.testing.conformance import messages
from submit.testing.site import Site
from tests.clusters import ssh
from tests.clusters.daemons import PATH
from tests.clusters.sites import Cluster, site_of
from tests.clusters.trainers import SLEEPS, TELLS

pytestmark = pytest.mark.skipif(bool(ssh.missing()), reason=ssh.missing())

COUNT = "for n in range(50): print('line', n, flush=True)\nraise SystemExit(3)"
WRITES = "import os, sys; os.makedirs(sys.argv[-1]); open(os.path.join(sys.argv[-1], 'model'), 'w').close()"
CUTTING = """\
#!/bin/sh
fault=
[ ! -e {fault} ] || read -r fault < {fault}
rm -f {fault}
case $fault in
  "") exec /usr/bin/{program} "$@" ;;
  after) /usr/bin/{program} "$@" > /dev/null ;;
esac
exec {python} -c {cut}
"""
"""the program that submits; if a fault is asked for, the connection is cut before or after it has done its work"""


@dataclass(frozen=True)
class Laptop:
    """`fault` is a file that asks for one; `numbers` are the scheduler's own of a job with that name."""

    site: Site
    sshd: ssh.Sshd
    program: str
    fault: Path
    numbers: Callable[[Handle], list[str]]


@pytest.fixture(scope="module")
def laptop(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory, environ: dict[str, str]) -> Iterator[Laptop]:
    """It does not know the cluster itself."""
    name = cluster.backend
    there, login = tmp_path_factory.mktemp("there"), tmp_path_factory.mktemp("login")
    program, fault = "sbatch" if name == "slurm" else "qsub", login / "fault"
    words = {"program": program, "fault": fault, "python": sys.executable, "cut": shlex.quote(ssh.CUT)}
    (login / program).write_text(CUTTING.format(**words))
    (login / program).chmod(0o755)
    variables = {**cluster.environ, "PATH": f"{login}:{PATH}"}
    with ssh.running(tmp_path_factory.mktemp("sshd"), variables) as sshd:
        where = {f"SUBMIT_{name.upper()}_{key}": value for key, value in (("HOST", ssh.HOST), ("FOLDER", str(there)))}
        folder = tmp_path_factory.mktemp("site")
        site = site_of(name, folder, {**environ, **sshd.environ, **where}, cpus=1)
        yield Laptop(site, sshd, program, fault, lambda handle: cluster.numbers(_key(handle)))


def _key(handle: Handle) -> str:
    return handle.path.rpartition("/")[2]


def test_a_job_is_submitted_followed_described_listed_and_deleted(laptop: Laptop) -> None:
    site = laptop.site
    handle = site.submit(COUNT)
    assert str(handle).startswith(f"{site.target.backend}://{ssh.HOST}/")
    assert messages(site.log(handle), "line ") == [f"line {n}" for n in range(50)]
    status = site.status(handle)
    assert (status.state, status.cause, status.exit_code) == (State.FAILED, Cause.EXIT_CODE, 3)
    assert site.listed() == [handle]
    site.delete(handle)
    assert site.listed() == []


def test_a_running_job_is_cancelled(laptop: Laptop) -> None:
    site = laptop.site
    handle = site.submit(SLEEPS)
    site.awaken(handle)
    site.cancel(handle)
    assert site.end(handle).state is State.CANCELLED


def test_a_relative_job_dir_is_below_the_home_folder_there(laptop: Laptop, tmp_path: Path) -> None:
    """As scp and rsync have it; the client's own folder is not there."""
    below_home = os.path.relpath(tmp_path / "out", pwd.getpwuid(os.getuid()).pw_dir)
    site = replace(laptop.site, job_dir=below_home)
    status = site.end(site.submit(WRITES))
    assert status.state is State.SUCCEEDED
    (model,) = (tmp_path / "out").glob("*/model")
    assert Path(status.job_dir or "").resolve() == model.parent


def test_a_log_goes_on_though_its_connection_is_cut(laptop: Laptop) -> None:
    told = []
    for entry in laptop.site.follow(laptop.site.submit(TELLS)):
        told.append(entry)
        if entry.message in ("line 10", "line 30"):
            laptop.sshd.cut()
    assert messages(told, "line ") == [f"line {n}" for n in range(60)]


def test_a_submission_that_is_cut_off_after_its_work_is_one_job(laptop: Laptop) -> None:
    site, asked = laptop.site, list[Step]()
    laptop.fault.write_text("after\n")
    handle = site.create(site.prepared(SLEEPS), asked.append)
    assert not laptop.fault.exists()
    assert _sent(laptop, asked) == 1
    assert len(laptop.numbers(handle)) == 1
    site.awaken(handle)
    site.cancel(handle)
    assert site.end(handle).state is State.CANCELLED


def test_a_submission_that_is_cut_off_before_its_work_is_none_and_is_not_tried_again(laptop: Laptop) -> None:
    site, asked = laptop.site, list[Step]()
    laptop.fault.write_text("before\n")
    prepared = site.prepared(SLEEPS)
    with pytest.raises(UnansweredError, match="no job has come of it so far") as caught:
        site.create(prepared, asked.append)
    assert "submit jobs recover" in caught.value.problems[0].hint
    (place,) = [step.creates for step in asked if isinstance(step, Command) and step.creates]
    assert _sent(laptop, asked) == 1
    assert laptop.numbers(Handle.parse(place, default_backend="local")) == []
    assert site.found(prepared.spec.submission_id, place) is None


def _sent(laptop: Laptop, asked: list[Step]) -> int:
    return sum(isinstance(step, Command) and step.argv[0] == laptop.program for step in asked)
