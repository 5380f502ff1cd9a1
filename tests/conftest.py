from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.project import Project

pytest.register_assert_rewrite("submit.testing.conformance", "submit.testing.site")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as shells start what runs in the background
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests in files that start clusters, or an sshd, have the mark `cluster`."""
    for item in items:
        module = getattr(item, "module", None)
        if any(getattr(value, "__package__", "") == "tests.clusters" for value in vars(module).values()):
            item.add_marker("cluster")


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for all tests, so that an environment is made once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def project(tmp_path: Path, cache: Path) -> Project:
    """An empty project of a user with an empty home."""
    return Project.of(tmp_path, cache)
