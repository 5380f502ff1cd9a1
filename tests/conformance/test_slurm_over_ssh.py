"""From a laptop: the cluster is reached through a real sshd, nothing else is shared but the nodes' own folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from submit.job import Cause, State
from submit.testing.conformance import messages
from submit.testing.site import Site
from tests.clusters import slurm, ssh
from tests.clusters.sites import site_of

_MISSING = slurm.missing() or ssh.missing()
pytestmark = pytest.mark.skipif(bool(_MISSING), reason=_MISSING)


WRITES = "import os, sys; os.makedirs(sys.argv[-1]); open(os.path.join(sys.argv[-1], 'model'), 'w').close()"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, environ: dict[str, str]) -> Iterator[Site]:
    """The client itself does not know the cluster."""
    there = tmp_path_factory.mktemp("there")
    with (
        slurm.running(tmp_path_factory.mktemp("slurm")) as cluster,
        ssh.running(tmp_path_factory.mktemp("sshd"), cluster.environ) as client,
    ):
        where = {"SUBMIT_SLURM_HOST": ssh.HOST, "SUBMIT_SLURM_FOLDER": str(there)}
        yield site_of("slurm", tmp_path_factory.mktemp("site"), {**environ, **client, **where})


def test_a_job_is_submitted_followed_described_listed_and_deleted(site: Site) -> None:
    handle = site.submit("for n in range(50): print('line', n, flush=True)\nraise SystemExit(3)")
    assert str(handle).startswith(f"slurm://{ssh.HOST}/")
    assert messages(site.log(handle), "line ") == [f"line {n}" for n in range(50)]
    status = site.status(handle)
    assert (status.state, status.cause, status.exit_code) == (State.FAILED, Cause.EXIT_CODE, 3)
    assert site.listed() == [handle]
    site.delete(handle)
    assert site.listed() == []


def test_a_running_job_is_cancelled(site: Site) -> None:
    handle = site.submit("import time; print('awake', flush=True); time.sleep(600)")
    site.awaken(handle)
    site.cancel(handle)
    assert site.end(handle).state is State.CANCELLED


def test_a_relative_job_dir_is_below_the_home_folder_there(site: Site, tmp_path: Path) -> None:
    """As scp and rsync have it; the client's own folder is not there."""
    below_home = os.path.relpath(tmp_path / "out", Path.home())
    handle = replace(site, job_dir=below_home).submit(WRITES)
    status = site.end(handle)
    assert status.state is State.SUCCEEDED
    (model,) = (tmp_path / "out").glob("*/model")
    assert Path(status.job_dir or "").resolve() == model.parent
