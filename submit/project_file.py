"""`[tool.submit]` of the project file in the working folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from submit.errors import Problem
from submit.status import Json
from submit.world import files

PROJECT_FILE = "pyproject.toml"


def defaults(folder: Path) -> tuple[Mapping[str, Json], tuple[Problem, ...]]:
    """What the project says of every job, and what is wrong with it."""
    text = files.read_if_there(folder / PROJECT_FILE)
    if text is None or b"tool.submit" not in text:
        return {}, ()
    from submit import config

    return config.project_defaults(text, PROJECT_FILE)
