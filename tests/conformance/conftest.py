from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from types import ModuleType

import pytest

from submit.testing.site import Site
from tests.clusters import gridengine, slurm
from tests.clusters.sites import Cluster, site_of
from tests.project import REPOSITORY

CLUSTERS: dict[str, ModuleType] = {"slurm": slurm, "gridengine": gridengine}


@pytest.fixture(scope="module")
def environ(cache: Path) -> dict[str, str]:
    """Nothing of the developer's own leaks in."""
    kept = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "UV_", "LC_"))}
    ours = {"PATH": os.environ["PATH"], "PYTHONPATH": str(REPOSITORY), "SUBMIT_CACHE_DIR": str(cache)}
    return kept | ours | {"LANG": "C.UTF-8"}


@pytest.fixture(scope="module", params=list(CLUSTERS))
def cluster(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """One of each kind, for what is true of all; modules about one kind start their own."""
    kind = CLUSTERS[request.param]
    if why := kind.missing():
        pytest.skip(why)
    running: AbstractContextManager[Cluster] = kind.running(tmp_path_factory.mktemp(request.param))
    with running as cluster:
        yield cluster


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, environ: dict[str, str], cluster: Cluster) -> Site:
    """Where jobs run on the cluster of the module."""
    return site_of(cluster.backend, tmp_path_factory.mktemp("site"), {**environ, **cluster.environ})
