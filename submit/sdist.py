"""The source distribution that `python setup.py sdist` makes in jobdir's own folder.

There is no `setup.py`, so whoever runs one has put it there: `gcloud ml-engine jobs submit training --package-path
trainer` does. Our `pyproject.toml` would overrule it, and jobdir would be packed instead of the sample trainer.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from pathlib import Path

from setuptools import build_meta
from setuptools.command.sdist import sdist

_TRAINER = "trainer"


class Sdist(sdist):  # type: ignore[misc]  # setuptools brings no types
    """Of the trainer, as its own `pyproject.toml` has it, beside a foreign `setup.py`; else of jobdir."""

    def run(self) -> None:
        if not Path("setup.py").is_file():
            super().run()
            return
        target = Path(str(self.dist_dir)).absolute()
        with tempfile.TemporaryDirectory() as folder:
            copy = shutil.copytree(_TRAINER, Path(folder, _TRAINER), ignore=shutil.ignore_patterns("__pycache__"))
            with contextlib.chdir(copy):
                self.announce(f"packing {_TRAINER}/ as {build_meta.build_sdist(str(target))}", 2)
