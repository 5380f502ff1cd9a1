from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from tests.emulator.storage.serving import Service, serve


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with serve(tmp_path_factory.mktemp("storage")) as running:
        yield running


@pytest.fixture
def bucket(service: Service) -> str:
    """A bucket for this test alone."""
    return service.make_bucket(f"bucket-{uuid.uuid4().hex}")
