"""The whole job once more, and the ends that no retry is worth."""

from __future__ import annotations

import pytest

from submit.engine.outcome import Ending, is_worth_retrying
from tests.engine.conftest import NewSite
from tests.project import wait_until

FLAKY = """
import pathlib, sys
seen = pathlib.Path({folder!r}) / "seen"
count = len(seen.read_text()) if seen.exists() else 0
seen.write_text("x" * (count + 1))
print("start", count + 1, flush=True)
sys.exit(7 if count < {failures} else 0)
"""
RETRY = {"limit": 2, "causes": ["preempted"], "exit_codes": [7], "backoff_s": 0.05}


def test_a_job_is_started_again_until_it_succeeds(new_site: NewSite) -> None:
    site = new_site(1)
    site.create("flaky", FLAKY.format(folder=str(site.root), failures=2), retry=RETRY)
    job = site.wait("flaky")
    assert (job["state"], job["exit_code"]) == ("SUCCEEDED", 0)
    messages = site.messages("flaky")
    assert [text for text in messages if text.startswith("start ")] == ["start 1", "start 2", "start 3"]
    assert "The job ended by exit code 7 and is started again in 0.1 s (2 of 2)." in messages


def test_its_retries_are_used_up_in_the_end(new_site: NewSite) -> None:
    site = new_site(1)
    site.create("broken", FLAKY.format(folder=str(site.root), failures=9), retry=RETRY)
    job = site.wait("broken")
    assert (job["state"], job["cause"], job["exit_code"]) == ("FAILED", "exit code", 7)
    assert [text for text in site.messages("broken") if text.startswith("start ")][-1] == "start 3"


def test_a_job_that_waits_for_its_retry_can_be_cancelled(new_site: NewSite) -> None:
    site = new_site(1)
    site.create("waits", FLAKY.format(folder=str(site.root), failures=9), retry={**RETRY, "backoff_s": 600})
    said = "The job ended by exit code 7 and is started again in 600 s (1 of 2)."
    wait_until(lambda: said in site.messages("waits"))
    site.engine.cancel("waits")
    assert site.wait("waits")["state"] == "CANCELLED"


def test_a_job_that_writes_nothing_is_ended_and_one_that_writes_is_not(new_site: NewSite) -> None:
    site = new_site(2)
    site.create("silent", "import time; print('up', flush=True); time.sleep(600)", max_silence_s=1.0)
    job = site.wait("silent")
    assert (job["state"], job["cause"]) == ("FAILED", "time-out")
    assert job["message"] == "The job wrote nothing for 1 s and was terminated."


@pytest.mark.parametrize(
    ("ending", "worth"),
    [
        (Ending("FAILED", "preempted"), True),
        (Ending("FAILED", "exit code", 7), True),
        (Ending("FAILED", "signal", 137), True),
        (Ending("FAILED", "exit code", 1), False),
        (Ending("FAILED", "out of memory", 137), False),
        (Ending("FAILED", "environment"), False),
        (Ending("FAILED", "time-out"), False),
        (Ending("FAILED", "exit code", 7, traceback="ModuleNotFoundError: No module named 'x'"), False),
        (Ending("FAILED", "exit code", 7, traceback="usage: task.py [-h]\ntask.py: error: bad"), False),
        (Ending("CANCELLED", "cancelled"), False),
    ],
)
def test_only_what_may_pass_is_worth_another_start(ending: Ending, worth: bool) -> None:
    assert is_worth_retrying(ending, ["preempted"], [7, 137]) is worth
