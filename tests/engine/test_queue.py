"""Many jobs: never more at once than there is room for, none lost, none run twice."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.engine.conftest import NewSite
from tests.engine.site import Site
from tests.project import wait_until

SPAN = (
    "import pathlib, sys, time\nbegin = time.time(); time.sleep(0.05)\npathlib.Path(sys.argv[1]).open('a')"
    ".write(f'{begin} {time.time()}\\n')"
)
TOGETHER = """
import pathlib, sys, time
begin = time.time()
pathlib.Path(sys.argv[2]).touch()
while not pathlib.Path(sys.argv[3]).exists():
    time.sleep(0.01)
pathlib.Path(sys.argv[1]).write_text(f"{begin} {time.time()}\\n")
"""
"""Ends when another one runs as well: however busy the machine is, both have their places at once."""


def spans(folder: Path) -> list[tuple[float, float]]:
    """When each job ran."""
    lines = [line.split() for path in sorted(folder.iterdir()) for line in path.read_text().splitlines()]
    return [(float(begin), float(end)) for begin, end in lines]


def most_at_once(runs: list[tuple[float, float]]) -> int:
    return max(sum(begin <= moment < end for begin, end in runs) for moment, _ in runs)


def test_twelve_jobs_for_two_places(site: Site, tmp_path: Path) -> None:
    folder = tmp_path / "spans"
    folder.mkdir()
    names = [f"job{n}" for n in range(12)]
    here, there = str(tmp_path / "here"), str(tmp_path / "there")
    site.create(names[0], TOGETHER, str(folder / names[0]), here, there)
    site.create(names[1], TOGETHER, str(folder / names[1]), there, here)
    for name in names[2:]:
        site.create(name, SPAN, str(folder / name))
    assert sum(job["state"] == "QUEUED" for job in site.engine.list()) >= 8
    for name in names:
        assert site.wait(name)["state"] == "SUCCEEDED"
    runs = spans(folder)
    assert len(runs) == 12
    assert most_at_once(runs) == 2


def test_clients_that_create_at_the_same_time_do_not_exceed_the_limit(site: Site, tmp_path: Path) -> None:
    folder = tmp_path / "spans"
    folder.mkdir()
    clients = [site.creator() for _ in range(3)]
    for number, client in enumerate(clients):
        assert client.stdin
        for n in range(4):
            name = f"client{number}job{n}"
            client.stdin.write(json.dumps(site.request(name, SPAN, str(folder / name))) + "\n")
        client.stdin.flush()
    for client in clients:
        client.communicate()
    wait_until(lambda: all(job["state"] == "SUCCEEDED" for job in site.engine.list()))
    runs = spans(folder)
    assert len(runs) == 12
    assert most_at_once(runs) <= 2


def test_jobs_run_in_the_order_of_their_creation(new_site: NewSite, tmp_path: Path) -> None:
    site = new_site(1)
    out = tmp_path / "order"
    for n in range(4):
        site.create(f"job{n}", "import sys; open(sys.argv[1], 'a').write(sys.argv[2])", str(out), str(n))
    site.wait("job3")
    assert out.read_text() == "0123"


def test_a_queued_job_that_was_cancelled_never_runs(new_site: NewSite, tmp_path: Path) -> None:
    site = new_site(1)
    site.create("first", "import time; print('up'); time.sleep(60)")
    site.wait_for_output("first", "up")
    site.create("second", "import sys; open(sys.argv[1], 'w')", str(tmp_path / "ran"))
    site.engine.cancel("second")
    job = site.get("second")
    assert (job["state"], job["cause"], job["start_time"]) == ("CANCELLED", "cancelled", None)
    page = site.engine.read_log("second", 0)
    assert page["ended"] is True
    site.engine.cancel("first")
    site.run("third")
    assert site.get("second")["state"] == "CANCELLED"
    assert not (tmp_path / "ran").exists()


def test_jobs_are_listed_newest_first_and_by_page(new_site: NewSite) -> None:
    site = new_site(1)
    for n in range(4):
        site.create(f"job{n}")
    assert [job["id"] for job in site.engine.list(limit=2)] == ["job3", "job2"]
    assert [job["id"] for job in site.engine.list(limit=2, offset=2)] == ["job1", "job0"]


def test_a_job_of_another_installation_is_run_by_that_one(new_site: NewSite) -> None:
    """The other installation is reached through a link, so that its path differs."""
    site = new_site(1)
    other = site.root.parent / "other"
    (other / "submit").parent.mkdir()
    (other / "submit").symlink_to(Path(sys.modules["submit"].__path__[0]))
    site.create("first", "import time; print('up'); time.sleep(0.5)")
    site.wait_for_output("first", "up")
    site.create("second", "print('ran')")
    program = str(other / "submit" / "engine" / "__main__.py")
    site.engine._store.write(
        "UPDATE jobs SET origin = json_set(origin, '$.runtime.program', ?) WHERE id = 'second'", program
    )
    assert site.wait("second")["state"] == "SUCCEEDED"
    assert site.engine._store.read("SELECT offers FROM jobs WHERE id = 'second'")[0]["offers"] == 1


def test_a_job_whose_installation_is_gone_is_run_all_the_same(new_site: NewSite) -> None:
    site = new_site(1)
    site.create("first", "import time; print('up'); time.sleep(0.5)")
    site.wait_for_output("first", "up")
    site.create("second", "print('ran')")
    gone = str(site.root / "gone" / "python")
    site.engine._store.write(
        "UPDATE jobs SET origin = json_set(origin, '$.runtime.python', ?) WHERE id = 'second'", gone
    )
    site.wait("first")
    assert site.wait("second")["state"] == "SUCCEEDED"


def test_a_job_whose_interpreter_for_environments_is_gone_fails_and_the_next_one_runs(new_site: NewSite) -> None:
    site = new_site(1)
    site.create("first", "import time; print('up'); time.sleep(0.3)")
    site.wait_for_output("first", "up")
    site.create("second")
    site.create("third")
    gone = str(site.root / "gone" / "python")
    site.engine._store.write("UPDATE jobs SET origin = json_set(origin, '$.base_python', ?) WHERE id = 'second'", gone)
    job = site.wait("second")
    assert (job["state"], job["cause"]) == ("FAILED", "environment")
    assert job["message"] == f"The engine could not run the job: [Errno 2] No such file or directory: '{gone}'"
    assert site.wait("third")["state"] == "SUCCEEDED"
