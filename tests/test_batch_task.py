"""What a task on a cluster decides by itself. How tasks live together is tried on real clusters."""

from __future__ import annotations

from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest

from submit import batch_task
from submit.engine import outcome

CODES = (1, 2, 137, 139)


@pytest.mark.parametrize(
    ("code", "cause", "traceback", "again"),
    [
        (137, "exit code", "", True),
        (139, "signal", "", True),
        (1, "exit code", "ValueError: nan", True),
        (3, "exit code", "", False),
        (137, "out of memory", "", False),
        (None, "environment", "", False),
        (1, "exit code", "ModuleNotFoundError: No module named 'x'", False),
        (2, "exit code", "usage: task.py [-h]", False),
    ],
)
def test_the_same_ends_are_worth_another_try_on_a_cluster_and_on_this_machine(
    code: int | None, cause: str, traceback: str, again: bool
) -> None:
    record: dict[str, Any] = {"replica": "r", "exit_code": code, "cause": cause, "traceback": traceback}
    here = outcome.is_worth_retrying(outcome.failure(outcome.Record.parse(record), 0), (), CODES)
    assert (batch_task.is_worth_retrying(record, CODES), here) == (again, again)


def test_what_was_published_first_stands(tmp_path: Path) -> None:
    path = tmp_path / "verdict.0"
    assert batch_task.publish(str(path), "ours")
    assert not batch_task.publish(str(path), "theirs")
    assert path.read_text() == "ours"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("trial", ["", "7"])
def test_a_run_ends_what_is_left_of_any_before_it(tmp_path: Path, trial: str) -> None:
    """Also if the run between them was taken away before it had begun."""
    pool = {"name": "workerpool0", "replicas": 1}
    job = {"pools": [pool], "retry": {"limit": 0, "exit_codes": []}}
    first, third = (batch_task.Task(job, 0, restart, "12", "127.0.0.1", trial) for restart in (0, 2))
    with chdir(tmp_path):
        first.fence()
        assert not first.is_superseded()
        third.fence()
        assert first.is_superseded()
        assert not third.is_superseded()
