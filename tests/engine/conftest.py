from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from submit.engine import Engine
from tests.engine.site import Site, make_wheel

NewSite = Callable[[int], Site]


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return make_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture
def new_site(tmp_path: Path, cache: Path, package: dict[str, Any]) -> Iterator[NewSite]:
    """Makes a site that runs so many jobs at once. Its supervisors must have had nothing to complain about."""
    sites: list[Site] = []

    def make(concurrency: int) -> Site:
        root = tmp_path / "engine"
        engine = Engine(root, cache=cache, bucket_root=tmp_path / "buckets", concurrency=concurrency)
        sites.append(Site(root, cache, concurrency, engine, package))
        return sites[-1]

    yield make
    for site in sites:
        site.drain()
        site.engine.close()
    complaints = tmp_path / "engine" / "supervisor.log"
    assert not complaints.exists() or complaints.read_text() == ""


@pytest.fixture
def site(new_site: NewSite) -> Site:
    return new_site(2)
