"""A config file → what it means. The path of a file through this folder:

    bytes ─ read ─► value tree with places ─ overrides ─► tree ─ dialect, schema, check ─► right values and problems
          ─ ml_engine | vertex, tuning, section ─► Config ─ rules ─► Config and problems

`conversion` goes from there to Vertex AI's own format, `json_schema` tells editors what `data/` says.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

from submit.config.loading import Loaded, empty, load
from submit.config.read import READ_LIMIT
from submit.errors import Problem
from submit.job import Json, JsonObject

if TYPE_CHECKING:
    from submit.config.conversion import Converted


def convert(text: bytes, file: str, today: date) -> Converted:
    """A config of ML Engine as Vertex AI's YAML, with a report of what changed; see `submit.config.conversion`."""
    from submit.config import conversion  # not needed to submit a job

    return conversion.convert(text, file, today)


def schema() -> JsonObject:
    """JSON Schema (2020-12) of a whole config file, for editors."""
    from submit.config import json_schema

    return json_schema.schema()


@lru_cache(maxsize=1)
def project_defaults(pyproject: bytes, file: str) -> tuple[Mapping[str, Json], tuple[Problem, ...]]:
    """The defaults in `[tool.submit]` of a pyproject.toml; see `submit.config.project`.

    The same file is read more than once for a job, and for each job of a program.
    """
    from submit.config import project

    return project.project_defaults(pyproject, file)


__all__ = ["READ_LIMIT", "Loaded", "convert", "empty", "load", "project_defaults", "schema"]
