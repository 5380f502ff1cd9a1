"""Real clusters as places where jobs of our backends run."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from submit.testing.site import Site


def site_of(backend: str, folder: Path, environ: Mapping[str, str], **options: int) -> Site:
    """A user in the folder, which is their home as well; the nodes run our own Python. `options` are the backend's."""
    site = Site.of(backend, folder, environ={**environ, "HOME": str(folder)})
    more = "".join(f"{name} = {value}\n" for name, value in options.items())
    (site.around.cwd / "pyproject.toml").write_text(f'[tool.submit.{backend}]\npython = "{sys.executable}"\n{more}')
    return site
