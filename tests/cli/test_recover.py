"""`submit jobs recover` of submissions that were killed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.project import Project

KILLED = """
import os, sys, time
from pathlib import Path
from submit.intents.intent import Intent
from submit.intents.moment import Moment
from submit.job import Target
from submit.world.journal import Journal

state, *backends = sys.argv[1:]
for backend in backends:
    target = Target(backend=backend, state_dir=state, bucket_root=state)
    intent = Intent(
        submission_id=backend, backend=backend, name=f"of-{backend}", target=target, began=Moment(time.time() - 1000, 1)
    )
    Journal(Path(state)).write(intent.sending("job", intent.began))
os._exit(9)
"""


def test_a_submission_to_a_backend_that_is_not_installed_any_more_does_not_hide_the_others(project: Project) -> None:
    state = Path(project.environ["SUBMIT_STATE_DIR"])
    subprocess.run([sys.executable, "-c", KILLED, str(state), "gone", "local"], check=False)
    done = project.submit("jobs", "recover")
    assert done.code == 3
    assert sorted(done.out.splitlines()) == [
        "of-gone cannot be known yet: `gone` is not a backend",
        "of-local was never created: it was sent, and there is no such job",
    ]
    again = project.submit("jobs", "recover", "--format", "json").json
    assert [intent["backend"] for intent in again] == ["gone"]
