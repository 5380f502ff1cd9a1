"""A job on a real Slurm cluster lives the life that every backend puts it through."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from submit.testing.conformance import Conformance
from submit.testing.site import Site
from tests.clusters import slurm

pytestmark = pytest.mark.skipif(not slurm.is_installed(), reason="slurmctld, slurmd and slurm-client are not installed")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, environ: dict[str, str]) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    with slurm.running(tmp_path_factory.mktemp("slurm")) as cluster:
        site = Site.of("slurm", folder, environ={**environ, **cluster.environ, "HOME": str(folder)})
        (site.around.cwd / "pyproject.toml").write_text(f'[tool.submit.slurm]\npython = "{sys.executable}"\n')
        yield site


class TestSlurm(Conformance):
    """The whole of it."""
