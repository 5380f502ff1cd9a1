from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.project import REPOSITORY

pytest.register_assert_rewrite("submit.testing.conformance", "submit.testing.site")


@pytest.fixture(scope="module")
def environ(cache: Path) -> dict[str, str]:
    """Nothing of the developer's own leaks in."""
    kept = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "UV_", "LC_"))}
    ours = {"PATH": os.environ["PATH"], "PYTHONPATH": str(REPOSITORY), "SUBMIT_CACHE_DIR": str(cache)}
    return kept | ours | {"LANG": "C.UTF-8"}
