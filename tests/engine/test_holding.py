"""Queued jobs that somebody else decides about: they wait, are let go, or fail without ever having run."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from tests.engine.conftest import NewSite
from tests.engine.site import Site
from tests.project import wait_until


def test_a_held_job_stays_queued_and_is_in_nobodys_way(new_site: NewSite) -> None:
    site = new_site(1)
    site.create("held", "print('ran')", held="quota")
    assert site.run("other")["state"] == "SUCCEEDED"
    assert (site.get("held")["state"], site.get("held")["held"]) == ("QUEUED", "quota")
    site.engine.hold("held", "provisioning")
    assert site.get("held")["held"] == "provisioning"
    site.engine.hold("held", None)
    assert site.wait("held")["state"] == "SUCCEEDED"
    assert site.output("held") == ["ran"]


def test_a_held_job_can_be_cancelled(site: Site) -> None:
    site.create("held", held="quota")
    site.engine.cancel("held")
    assert site.get("held")["state"] == "CANCELLED"
    site.engine.hold("held", None)
    assert site.get("held")["state"] == "CANCELLED"


def test_a_queued_job_fails_with_its_reason(site: Site) -> None:
    site.create("none", held="stock-out")
    site.engine.fail("none", "stock-out", "Resources are insufficient in region: here.")
    job = site.get("none")
    assert (job["state"], job["cause"], job["start_time"]) == ("FAILED", "stock-out", None)
    assert site.messages("none")[-2:] == ["Resources are insufficient in region: here.", "Job failed."]
    site.run("ran")
    site.engine.fail("ran", "stock-out", "too late")
    assert site.get("ran")["state"] == "SUCCEEDED"


def test_notices_stand_at_the_beginning_of_the_log(site: Site) -> None:
    site.run("old", notices=["That is retired."])
    assert [(line["severity"], line["message"]) for line in site.log("old")[:2]] == [
        ("INFO", "Waiting for job to be provisioned."),
        ("WARNING", "That is retired."),
    ]


FROM_2_TO_1 = "ALTER TABLE jobs DROP COLUMN held; ALTER TABLE jobs DROP COLUMN preemptions;"
FROM_3_TO_2 = "DROP INDEX jobs_by_state; CREATE INDEX jobs_by_state ON jobs (state, sequence);"


@pytest.mark.parametrize(("version", "undo"), [(1, FROM_3_TO_2 + FROM_2_TO_1), (2, FROM_3_TO_2)])
def test_a_store_of_a_version_before_is_brought_up_to_date(new_site: NewSite, version: int, undo: str) -> None:
    site = new_site(1)
    site.run("old")
    wait_until(lambda: not (site.folder("old") / "control").exists(), timeout=30)  # its supervisor has left
    with closing(sqlite3.connect(site.root / "jobs.sqlite3", isolation_level=None)) as database:
        database.executescript(f"{undo} PRAGMA user_version = {version};")
    again = new_site(1)
    assert again.get("old")["state"] == "SUCCEEDED"
    assert again.run("new")["state"] == "SUCCEEDED"
