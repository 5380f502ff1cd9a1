"""The store survives what happens to files and processes."""

from __future__ import annotations

import itertools
import json
import sqlite3
import threading
import time

import pytest

from submit.engine import Engine
from submit.engine.store import VERSION
from submit.errors import ErrorKind, ServiceError
from tests.engine.conftest import NewSite
from tests.engine.site import Site


def reopened(site: Site) -> Engine:
    return Engine(site.root, cache=site.cache, bucket_root=site.root / "buckets", concurrency=site.concurrency)


def damage(site: Site) -> None:
    """Puts something else in the database's place, and takes away what it could be repaired with."""
    for path in site.root.glob("jobs.sqlite3*"):
        path.unlink()
    (site.root / "jobs.sqlite3").write_bytes(b"not a database, " * 4096)


def test_a_writer_killed_at_any_point_leaves_a_sound_store(new_site: NewSite) -> None:
    site = new_site(1)
    site.create("blocker", "import time; time.sleep(60)")  # so that the others stay in the queue
    numbers = itertools.count()
    answered = []
    for attempt in range(5):
        with site.creator() as client:
            assert client.stdin
            assert client.stdout
            deadline = time.monotonic() + 0.15 + attempt * 0.013
            while time.monotonic() < deadline:
                job = f"job{next(numbers)}"
                client.stdin.write(json.dumps(site.request(job)) + "\n")
                client.stdin.flush()
                client.stdout.readline()
                answered.append(job)
            client.stdin.write("".join(json.dumps(site.request(f"job{next(numbers)}")) + "\n" for _ in range(50)))
            client.stdin.flush()
            client.kill()
    with sqlite3.connect(site.root / "jobs.sqlite3") as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    database.close()
    jobs = {job["id"]: job["state"] for job in site.engine.list(limit=10_000)}
    assert set(answered) < set(jobs)
    assert all((site.folder(str(job)) / "job.json").exists() for job in jobs)
    with sqlite3.connect(site.root / "jobs.sqlite3") as database:  # their end would take a while
        database.execute("DELETE FROM jobs WHERE state = 'QUEUED'")
    database.close()


def test_a_damaged_store_is_moved_aside_and_made_again_from_the_jobs(site: Site) -> None:
    site.run("good", "print('hello')")
    site.run("bad", "import sys; sys.exit(3)")
    before = site.engine.list()
    site.engine.close()
    damage(site)
    with pytest.raises(ServiceError, match=r"the job store was damaged .* 2 jobs found again") as caught:
        reopened(site)
    assert caught.value.problems[0].hint == "Run the command again."
    site.engine = reopened(site)
    assert site.engine.list() == before
    assert len(list(site.root.glob("jobs.sqlite3.damaged-*"))) >= 1


def test_a_running_job_outlives_its_store(site: Site) -> None:
    site.create("running", "import time; print('up'); time.sleep(1)")
    site.wait_for_output("running", "up")
    site.engine.close()
    damage(site)
    with pytest.raises(ServiceError, match="1 jobs found again"):
        reopened(site)
    site.engine = reopened(site)
    assert site.get("running")["state"] == "RUNNING"
    job = site.wait("running")
    assert (job["state"], job["exit_code"]) == ("SUCCEEDED", 0)


def test_two_engines_in_one_process_and_a_supervisor_see_the_same_store(site: Site) -> None:
    """SQLite's locks are the process's: whoever opens and closes the file by other means frees them for all."""
    for number in range(5):
        other = reopened(site)
        site.run(f"job{number}", "print('ran')")
        assert [job["state"] for job in other.list()] == ["SUCCEEDED"] * (number + 1)
        other.close()


def test_jobs_are_deleted_under_the_eyes_of_readers(site: Site) -> None:
    faults: list[Exception] = []
    over = threading.Event()

    def read() -> None:
        engine = reopened(site)
        while not over.is_set():
            try:
                engine.read_log("job", 0, wait_s=0.01)
            except ServiceError as error:
                faults.extend([] if error.kind is ErrorKind.NOT_FOUND else [error])
                time.sleep(0.001)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is what the test is about
                faults.append(error)
        engine.close()

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    try:
        for number in range(6):
            job = site.run("job", "print('ran')", submission_id=str(number))
            assert (job["state"], site.output("job")) == ("SUCCEEDED", ["ran"])
            site.engine.delete("job")
    finally:
        over.set()
        for reader in readers:
            reader.join()
    assert faults == []


def test_the_store_of_a_newer_version_is_left_alone(site: Site) -> None:
    site.engine.close()
    with sqlite3.connect(site.root / "jobs.sqlite3") as database:
        database.execute("PRAGMA user_version = 99")
    with pytest.raises(ServiceError, match="was made by a newer version of jobdir"):
        reopened(site)
    with sqlite3.connect(site.root / "jobs.sqlite3") as database:
        database.execute(f"PRAGMA user_version = {VERSION}")
    database.close()
    site.engine = reopened(site)


def test_others_cannot_read_the_engines_folder(site: Site) -> None:
    site.create("private")
    assert site.root.stat().st_mode & 0o777 == 0o700
    assert (site.folder("private") / "job.json").stat().st_mode & 0o777 == 0o600
