"""A job on a real Slurm cluster lives the life that every backend puts it through."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from submit.testing.conformance import Conformance
from submit.testing.site import PATIENCE_S, Site
from tests.clusters import slurm

pytestmark = pytest.mark.skipif(bool(slurm.missing()), reason=slurm.missing())


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[slurm.Slurm]:
    with slurm.running(tmp_path_factory.mktemp("slurm")) as cluster:
        yield cluster


WAIT = """
import sys
from pathlib import Path
from submit.client import Client
from submit.steps import Command, Step
from submit.target import TargetFlags

def observe(step: Step) -> None:
    if isinstance(step, Command) and "await" in step.argv:
        Path("go").touch()

client = Client(target=TargetFlags(backend="slurm"), state_dir=Path(sys.argv[1]), observe=observe)
print(client.wait(client.handle(sys.argv[2])).state)
"""
UNTIL_IT_MAY_GO = "import os, time\nwhile not os.path.exists({!r}):\n time.sleep(0.05)"


class TestSlurm(Conformance):
    """The whole of it."""

    def test_who_waits_for_one_job_watches_its_folder(self, site: Site) -> None:
        """It ends when that is done."""
        go = site.around.cwd / "go"
        handle = site.submit(UNTIL_IT_MAY_GO.format(str(go)))
        ran = subprocess.run(
            [sys.executable, "-c", WAIT, str(site.around.state_dir), str(handle)],
            cwd=site.around.cwd,
            env=dict(site.around.environ),
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )
        assert (ran.stdout, ran.stderr, go.exists()) == ("SUCCEEDED\n", "", True)
