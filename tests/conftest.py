from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.project import REPOSITORY, Project


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for all tests, so that an environment is made once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def project(tmp_path: Path, cache: Path) -> Project:
    """An empty project of a user with an empty home."""
    kept = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "UV_", "LC_"))}
    return Project(
        folder=_folder(tmp_path / "project"),
        environ=kept
        | {
            "HOME": str(_folder(tmp_path / "home")),
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(REPOSITORY),
            "SUBMIT_STATE_DIR": str(tmp_path / "state"),
            "SUBMIT_CACHE_DIR": str(cache),
        },
    )


def _folder(path: Path) -> Path:
    path.mkdir()
    return path
