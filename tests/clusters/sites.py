"""Real clusters as places where jobs of our backends run."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from submit.job import Handle, State, Status
from submit.testing.site import Site
from tests.clusters.daemons import wait_until
from tests.clusters.gridengine import GridEngine
from tests.clusters.slurm import Slurm

Cluster: TypeAlias = Slurm | GridEngine


def site_of(backend: str, folder: Path, environ: Mapping[str, str], **options: int) -> Site:
    """A user in the folder, which is their home as well; the nodes run our own Python. `options` are the backend's."""
    site = Site.of(backend, folder, environ={**environ, "HOME": str(folder)})
    more = "".join(f"{name} = {value}\n" for name, value in options.items())
    (site.around.cwd / "pyproject.toml").write_text(f'[tool.submit.{backend}]\npython = "{sys.executable}"\n{more}')
    return site


def number_of(cluster: Cluster, handle: Handle) -> str:
    """The scheduler's own; an array has one."""
    (number,) = cluster.numbers(handle.path)
    return number


def folder_of(site: Site, handle: Handle) -> Path:
    """What the nodes and their user share of a job."""
    return Path(site.around.environ["HOME"]) / ".jobdir" / "jobs" / handle.path


def records(site: Site, handle: Handle) -> dict[str, dict[str, object]]:
    """What its launchers have written down of each run of each replica: `workerpool0-0.0` …"""
    found = (folder_of(site, handle) / "records").glob("*.json")
    return {path.name.removesuffix(".json"): json.loads(path.read_text()) for path in found}


def until(site: Site, handle: Handle, state: State) -> Status:
    wait_until(lambda: site.status(handle).state is state, f"{handle} is {state}")
    return site.status(handle)
