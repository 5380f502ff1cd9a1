from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.reliability.site import Site, site


@pytest.fixture(scope="package")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(folder=Path(tmp_path_factory.mktemp("reliability"))) as made:
        yield made
