"""Machines that are taken away: a grace, a new beginning in an empty folder, and an end when it happened too often."""

from __future__ import annotations

import time

import pytest

from submit.engine.outcome import PREEMPTIONS
from submit.errors import ErrorKind, ServiceError
from tests.engine.site import Site
from tests.project import wait_until

# Keeps a checkpoint elsewhere when it is told to end, and ends well once it finds one.
CHECKPOINTED = """
import os, pathlib, signal, sys, time
kept, here = pathlib.Path(sys.argv[1]), pathlib.Path('scratch')
def save(*_):
    kept.touch()
    sys.exit(0)
signal.signal(signal.SIGTERM, save)
print('again' if kept.exists() else 'first', here.exists(), flush=True)
here.touch()
if not kept.exists():
    time.sleep(60)
"""
WAIT = "import time; print('up', flush=True); time.sleep(60)"
TOLD = "Terminated by service. If the job is supposed to continue running, it will be restarted on other VM shortly."


def test_a_preempted_job_begins_again_in_an_empty_folder(site: Site) -> None:
    kept = site.root.parent / "checkpoint"
    site.create("spot", CHECKPOINTED, str(kept))
    site.wait_for_output("spot", "first False")
    site.engine.preempt("spot")
    job = site.wait("spot")
    assert (job["state"], job["exit_code"], job["replicas"][0]["restarts"]) == ("SUCCEEDED", 0, 1)
    assert site.output("spot") == ["first False", "again False"]
    assert site.messages("spot", "service")[-3:] == [
        TOLD,
        f"The job was preempted and is restarted on other machines (1 of {PREEMPTIONS}).",
        "Job completed successfully.",
    ]


def test_a_job_that_was_preempted_too_often_has_failed_of_that(site: Site) -> None:
    job = site.run("unlucky", WAIT, preempt_after_s=0.05)
    assert (job["state"], job["cause"], job["exit_code"]) == ("FAILED", "preempted", None)
    assert "preempted, after it had been restarted 6 times" in job["message"]
    assert job["replicas"][0]["restarts"] == PREEMPTIONS
    assert site.messages("unlucky").count(TOLD) == PREEMPTIONS + 1


def test_a_rehearsal_takes_the_machines_away_so_often_and_no_more(site: Site) -> None:
    site.create("rehearsal", WAIT, preempt_after_s=0.05, preempt_times=2)
    wait_until(lambda: site.messages("rehearsal").count(TOLD) == 2)
    wait_until(lambda: site.get("rehearsal")["replicas"][0]["restarts"] == 2)
    time.sleep(0.5)
    job = site.get("rehearsal")
    assert (job["state"], job["replicas"][0]["restarts"]) == ("RUNNING", 2)


def test_a_job_without_retries_ends_with_its_first_preemption(site: Site) -> None:
    job = site.run("once", WAIT, preempt_after_s=0.05, disable_retries=True)
    assert (job["cause"], job["replicas"][0]["restarts"]) == ("preempted", 0)


def test_all_replicas_of_a_job_begin_again(site: Site) -> None:
    pools = [site.pool("chief", WAIT), site.pool("worker", WAIT, replicas=2)]
    site.create("wide", pools=pools)
    wait_until(lambda: site.output("wide") == ["up"] * 3)
    site.engine.preempt("wide")
    wait_until(lambda: site.output("wide") == ["up"] * 6)
    assert [replica["restarts"] for replica in site.get("wide")["replicas"]] == [1, 1, 1]


def test_crashes_are_counted_apart_from_preemptions(site: Site) -> None:
    source = """
import os, pathlib, sys, time
print('up', flush=True)
if len(pathlib.Path(sys.argv[1]).read_text()) < 3:
    open(sys.argv[1], 'a').write('x')
    os.kill(os.getpid(), 11)
time.sleep(60)
"""
    crashes = site.root.parent / "crashes"
    crashes.touch()
    site.create("shaky", source, str(crashes))
    wait_until(lambda: site.output("shaky") == ["up"] * 4)
    site.engine.preempt("shaky")
    wait_until(lambda: site.output("shaky") == ["up"] * 5)
    crashes.write_text("xx")
    site.engine.preempt("shaky")
    job = site.wait("shaky")
    assert (job["state"], job["cause"], job["replicas"][0]["restarts"]) == ("FAILED", "signal", 5), (
        "three crashes, as ever"
    )
    assert any(line.endswith("SIGSEGV and is restarted (3 of 3).") for line in site.messages("shaky", "service"))


def test_a_trainer_that_ignores_its_preemption_is_killed_and_begins_again(site: Site) -> None:
    source = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
    site.create("stubborn", source, grace_s=0.2)
    site.wait_for_output("stubborn", "up")
    site.engine.preempt("stubborn")
    wait_until(lambda: site.output("stubborn") == ["up"] * 2)


def test_a_job_can_be_cancelled_while_it_is_preempted(site: Site) -> None:
    source = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
    site.create("unwanted", source, grace_s=0.5)
    site.wait_for_output("unwanted", "up")
    site.engine.preempt("unwanted")
    wait_until(lambda: TOLD in site.messages("unwanted"))
    site.engine.cancel("unwanted")
    assert site.wait("unwanted")["state"] == "CANCELLED"


def test_only_a_job_that_runs_can_be_preempted(site: Site) -> None:
    site.run("over")
    site.create("waits", held="quota")
    for job, state in (("over", "succeeded"), ("waits", "queued")):
        with pytest.raises(ServiceError, match=f"the job `{job}` is {state}") as caught:
            site.engine.preempt(job)
        assert caught.value.kind is ErrorKind.INVALID


def test_each_trial_of_a_study_begins_again(site: Site) -> None:
    study = {
        "metrics": [{"name": "loss", "goal": "MINIMIZE"}],
        "parameters": [{"name": "x", "kind": "INTEGER", "minimum": 1, "maximum": 2}],
        "max_trials": 2,
        "parallel_trials": 2,
    }
    site.create("study", WAIT, study=study)
    wait_until(lambda: site.output("study") == ["up"] * 2)
    site.engine.preempt("study")
    wait_until(lambda: site.output("study") == ["up"] * 4)
