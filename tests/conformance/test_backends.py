"""Our backends live the same life: on this machine, and against a real emulator of Google's APIs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from submit.testing.conformance import Conformance
from submit.testing.site import Site
from tests.project import Project

GOOGLE = ("vertex", "mlengine")


@pytest.fixture(scope="module")
def emulated(tmp_path_factory: pytest.TempPathFactory, environ: dict[str, str]) -> Iterator[Mapping[str, str]]:
    """The environment of the clients of one emulator."""
    folder = tmp_path_factory.mktemp("emulator")
    user = Project(folder, environ | {"HOME": str(folder), "SUBMIT_STATE_DIR": str(folder / "state")})
    with user.emulator():
        yield user.environ


@pytest.fixture(scope="module", params=["local", *GOOGLE])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Site:
    name, folder = request.param, tmp_path_factory.mktemp("site")
    if name not in GOOGLE:
        return Site.of(name, folder, environ=request.getfixturevalue("environ"))
    emulated = request.getfixturevalue("emulated")
    return Site.of(name, folder, environ=emulated, staging_bucket=f"gs://{name}-stage", job_dir=f"gs://{name}-out")


class TestBackends(Conformance):
    """Once for each site."""
