"""Where the arms of a benchmark run: folders of their own, an environment of their own, the same trivial project."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PACKAGES = ("tiny", "stamped")
REPOSITORY = Path(__file__).parent.parent

# What would make an arm compile its imports anew at each start, find other modules or another terminal.
_LEFT_OUT = ("PYTHON", "SUBMIT_", "CLOUDSDK_", "TORCHX_", "PSIJ_")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """`root` is a folder that is deleted afterwards; `project` holds the packages `tiny` and `stamped`; `runs` are
    measured; `quick` leaves out what takes minutes."""

    root: Path
    env: Mapping[str, str]
    runs: int
    quick: bool = False

    @property
    def project(self) -> Path:
        return self.root / "project"

    @property
    def note(self) -> Path:
        """The file to which trivial jobs write when they ran."""
        return self.root / "note"


def prepare(root: Path, runs: int, *, quick: bool = False) -> Setting:
    setting = Setting(root=root, env=_environment(root, os.environ), runs=runs, quick=quick)
    for name in PACKAGES:
        source = Path(__file__).parent / name
        shutil.copytree(source, setting.project / name, ignore=shutil.ignore_patterns("__pycache__"))
    return setting


def _environment(root: Path, environ: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in environ.items() if not name.startswith(_LEFT_OUT)}
    folders = {"HOME": "home", "SUBMIT_STATE_DIR": "state", "SUBMIT_CACHE_DIR": "cache", "CLOUDSDK_CONFIG": "gcloud"}
    for name in folders.values():
        (root / name).mkdir(parents=True)
    return kept | {
        **{variable: str(root / name) for variable, name in folders.items()},
        "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
        "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "1",
        "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "1",
        "CLOUDSDK_ML_ENGINE_LOCAL_PYTHON": sys.executable,  # the same interpreter for all, not a shim before it
        "SUBMIT_LOCAL_CONCURRENCY": str(concurrency()),
    }


def concurrency() -> int:
    """Jobs at once that our queue is told to allow: one for each core, at least two."""
    return max(2, os.cpu_count() or 1)
