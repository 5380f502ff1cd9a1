"""From a laptop: Grid Engine is reached through a real sshd, nothing else is shared but the hosts' own folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from submit.job import Cause, State
from submit.testing.conformance import messages
from submit.testing.site import Site
from tests.clusters import gridengine, ssh
from tests.clusters.sites import site_of

_MISSING = gridengine.missing() or ssh.missing()
pytestmark = pytest.mark.skipif(bool(_MISSING), reason=_MISSING)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, environ: dict[str, str]) -> Iterator[Site]:
    """The client itself does not know the cluster."""
    there = tmp_path_factory.mktemp("there")
    with (
        gridengine.running(tmp_path_factory.mktemp("gridengine")) as cluster,
        ssh.running(tmp_path_factory.mktemp("sshd"), cluster.environ) as client,
    ):
        where = {"SUBMIT_GRIDENGINE_HOST": ssh.HOST, "SUBMIT_GRIDENGINE_FOLDER": str(there)}
        yield site_of("gridengine", tmp_path_factory.mktemp("site"), {**environ, **client, **where}, cpus=1)


def test_a_job_is_submitted_followed_and_described(site: Site) -> None:
    handle = site.submit("for n in range(50): print('line', n, flush=True)\nraise SystemExit(3)")
    assert str(handle).startswith(f"gridengine://{ssh.HOST}/")
    assert messages(site.log(handle), "line ") == [f"line {n}" for n in range(50)]
    status = site.status(handle)
    assert (status.state, status.cause, status.exit_code) == (State.FAILED, Cause.EXIT_CODE, 3)
    assert site.listed() == [handle]


def test_a_running_job_is_cancelled(site: Site) -> None:
    handle = site.submit("import time; print('awake', flush=True); time.sleep(600)")
    site.awaken(handle)
    site.cancel(handle)
    assert site.end(handle).state is State.CANCELLED
