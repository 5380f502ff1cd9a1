"""A job on a real Grid Engine lives the life that every backend puts it through."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from submit.testing.conformance import Conformance
from submit.testing.site import Site
from tests.clusters import gridengine
from tests.clusters.sites import site_of

pytestmark = pytest.mark.skipif(bool(gridengine.missing()), reason=gridengine.missing())


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, environ: dict[str, str]) -> Iterator[Site]:
    with gridengine.running(tmp_path_factory.mktemp("gridengine")) as cluster:
        yield site_of("gridengine", tmp_path_factory.mktemp("site"), {**environ, **cluster.environ}, cpus=1)


class TestGridEngine(Conformance):
    """The whole of it."""
