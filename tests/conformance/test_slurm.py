"""A job on a real Slurm cluster lives the life that every backend puts it through."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from submit.testing.conformance import Conformance
from submit.testing.site import Site
from tests.clusters import slurm
from tests.clusters.sites import site_of

pytestmark = pytest.mark.skipif(bool(slurm.missing()), reason=slurm.missing())


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, environ: dict[str, str]) -> Iterator[Site]:
    with slurm.running(tmp_path_factory.mktemp("slurm")) as cluster:
        yield site_of("slurm", tmp_path_factory.mktemp("site"), {**environ, **cluster.environ})


class TestSlurm(Conformance):
    """The whole of it."""
