"""The engine's words are those of the nouns, which a supervisor does not import."""

from __future__ import annotations

import subprocess
import sys
from typing import get_args

from submit import job
from submit.engine import states
from submit.engine.request import ROLES
from tests.project import REPOSITORY


def test_states_are_the_nouns_states() -> None:
    assert get_args(states.State) == tuple(job.State)
    assert set(states.ENDED) == {state for state in job.State if state.ended}
    assert {"QUEUED", *states.ACTIVE, *states.ENDED} == set(job.State)


def test_causes_are_the_nouns_causes() -> None:
    assert set(get_args(states.Cause)) == set(job.Cause)


def test_roles_are_the_nouns_roles() -> None:
    assert tuple(job.Role) == ROLES


def test_a_supervisor_imports_only_what_it_needs() -> None:
    """Each of these would cost every first job ten milliseconds or more."""
    heavy = {"dataclasses", "subprocess", "submit.status", "submit.errors", "logging", "random", "hashlib", "ctypes"}
    source = (
        f"import sys; sys.path.append({str(REPOSITORY)!r}); import submit.engine.supervisor\n"
        f"print({heavy} & set(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-I", "-S", "-c", source], capture_output=True, text=True, check=True)
    assert run.stdout == "set()\n"
