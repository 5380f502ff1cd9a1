"""What the machine does to an engine: full disks, folders that vanish, text that is none, odd places."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from submit.engine import Engine
from submit.errors import ErrorKind, ServiceError
from tests.engine.conftest import NewSite
from tests.engine.site import Site
from tests.project import wait_until
from tests.small_disk import fill, mounted

WAIT = "import time; print('up'); time.sleep(60)"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Where the site's engine will be."""
    with mounted(tmp_path / "engine", "1m") as folder:
        yield folder


def test_a_result_waits_for_room_on_a_full_disk(small_disk: Path, new_site: NewSite) -> None:
    site = new_site(1)
    site.create("full", "import time; print('up'); time.sleep(0.5)")
    site.wait_for_output("full", "up")
    filler = fill(small_disk)
    time.sleep(1.0)
    assert site.get("full")["state"] == "RUNNING", "its result cannot be known to anybody yet"
    filler.unlink()
    job = site.wait("full")
    assert (job["state"], job["exit_code"]) == ("SUCCEEDED", 0)
    assert site.messages("full")[-1] == "Job completed successfully."


def test_a_line_that_a_full_disk_has_torn_spoils_no_other(small_disk: Path, new_site: NewSite) -> None:
    site = new_site(1)
    room = small_disk / "room"
    room.write_bytes(b"x" * 200_000)
    site.create("torn", "print('up', flush=True); [print('x' * 100) for n in range(20_000)]")
    log = site.folder("torn") / "log.jsonl"
    wait_until(lambda: log.exists() and not log.read_bytes().endswith(b"\n") and not site.processes("torn"))
    room.unlink()
    assert site.wait("torn")["state"] == "SUCCEEDED"
    lines = log.read_bytes().splitlines()
    assert json.loads(lines[-1])["message"] == "Job completed successfully."


def test_a_job_cannot_be_created_on_a_full_disk_and_that_is_said(small_disk: Path, new_site: NewSite) -> None:
    site = new_site(1)
    filler = fill(small_disk)
    with pytest.raises(ServiceError, match=r"the (engine's folder|job store) cannot be used: .*") as caught:
        site.create("late")
    assert caught.value.problems[0].hint.startswith("See whether its disk is full")
    filler.unlink()
    assert site.run("late")["state"] == "SUCCEEDED", "the store is not stuck in a broken transaction"


def test_a_place_where_no_folder_can_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ServiceError, match=r"the engine's folder cannot be used: .*Not a directory") as caught:
        Engine(tmp_path / "file" / "engine", cache=tmp_path, bucket_root=tmp_path)
    assert caught.value.kind is ErrorKind.INTERNAL


def test_an_engine_lives_at_a_long_path_with_spaces_and_other_letters(
    tmp_path: Path, cache: Path, package: dict[str, Any]
) -> None:
    root = tmp_path.joinpath(*["Häuser 'n' \"日本\" $HOME" * 2] * 5) / "engine"
    engine = Engine(root, cache=cache, bucket_root=root / "buckets", concurrency=1)
    site = Site(root, cache, 1, engine, package)
    site.create("far", WAIT)
    site.wait_for_output("far", "up")
    site.engine.cancel("far")
    assert site.wait("far")["state"] == "CANCELLED"
    assert site.run("near", "print('hello')")["state"] == "SUCCEEDED"
    site.engine.close()


def test_a_path_that_is_too_long_for_a_store_is_refused(tmp_path: Path) -> None:
    root = tmp_path.joinpath(*["long" * 50] * 3)
    with pytest.raises(ServiceError, match="is too long for a job store"):
        Engine(root, cache=tmp_path, bucket_root=tmp_path)


def test_a_submitter_without_a_home_and_with_variables_that_are_no_text(site: Site) -> None:
    with site.creator() as client:
        env = {name: value for name, value in os.environb.items() if name not in (b"HOME", b"USER", b"LOGNAME")}
        source = "import os; print(os.environb[b'ODD'], 'HOME' in os.environ)"
        done = subprocess.run(
            client.args,
            cwd=Path(__file__).parents[2],
            env=env | {b"ODD": b"\xff"},
            input=json.dumps(site.request("odd", source)).encode(),
            stdout=subprocess.PIPE,
            check=True,
        )
        client.communicate()
    assert done.stdout == b"\n"
    assert site.wait("odd")["state"] == "SUCCEEDED"
    assert site.output("odd") == [r"b'\xff' False"]


def test_halves_of_characters_do_not_cost_a_job_its_result(site: Site) -> None:
    source = """import sys; sys.stderr.write('{"severity": "ERROR", "message": "half a \\\\ud800"}\\n'); sys.exit(3)"""
    job = site.run("half", source)
    assert (job["state"], job["exit_code"], job["traceback"]) == ("FAILED", 3, r"half a \ud800")


def test_a_queued_job_whose_folder_was_removed_runs(new_site: NewSite) -> None:
    site = new_site(1)
    site.create("first", WAIT)
    site.wait_for_output("first", "up")
    site.create("second", "print('ran')")
    shutil.rmtree(site.folder("second"))
    site.engine.cancel("first")
    assert site.wait("second")["state"] == "SUCCEEDED"
    assert site.output("second") == ["ran"]


def test_a_running_job_whose_folder_was_removed_ends(new_site: NewSite) -> None:
    site = new_site(1)
    site.create("bare", WAIT)
    site.wait_for_output("bare", "up")
    supervisor, processes = site.supervisor("bare"), site.processes("bare")
    shutil.rmtree(site.folder("bare"))
    os.kill(supervisor, signal.SIGKILL)
    assert site.wait("bare")["cause"] == "supervisor lost"
    assert site.messages("bare")[-1] == "Job failed."
    assert site.run("next")["state"] == "SUCCEEDED"
    assert processes


def test_a_log_that_was_removed_has_ended(site: Site) -> None:
    site.run("mute", "print('hello')")
    position = site.engine.read_log("mute", 0)["position"]
    (site.folder("mute") / "log.jsonl").unlink()
    assert isinstance(position, int)
    assert site.engine.read_log("mute", position) == {"data": "", "position": position, "more": False, "ended": True}


def test_a_job_of_another_version_of_jobdir_does_not_stop_the_queue(new_site: NewSite) -> None:
    site = new_site(1)
    site.create("first", WAIT)
    site.wait_for_output("first", "up")
    site.create("second", "print('ran')")
    site.engine._store.write(
        "UPDATE jobs SET origin = json_remove(json_set(origin, '$.later', 1), '$.containers') WHERE id = 'second'"
    )
    site.engine.cancel("first")
    assert site.wait("second")["state"] == "SUCCEEDED"


def test_a_folder_of_the_same_name_but_for_its_case_is_not_touched(site: Site) -> None:
    site.run("job", "print('precious')")
    (site.root / "jobs" / "Job").mkdir()  # as macOS would show it
    with pytest.raises(ServiceError, match="there is a job `job` already") as caught:
        site.create("Job")
    assert caught.value.kind is ErrorKind.EXISTS


def test_a_job_whose_supervisor_died_on_the_last_step_has_its_result_and_its_last_words(site: Site) -> None:
    site.create("nearly", WAIT)
    site.wait_for_output("nearly", "up")
    os.kill(site.supervisor("nearly"), signal.SIGKILL)
    wait_until(lambda: not site.processes("nearly"))
    ending = {"state": "SUCCEEDED", "exit_code": 0, "message": "", "traceback": "", "replicas": [], "trials": []}
    (site.folder("nearly") / "ended.json").write_text(json.dumps(ending))
    assert site.wait("nearly")["state"] == "SUCCEEDED"
    assert site.messages("nearly").count("Job completed successfully.") == 1
    assert site.messages("nearly")[-1] == "Job completed successfully."


def test_an_environment_that_a_killed_client_left_is_forgotten(site: Site) -> None:
    left = site.environment("never")
    left.write_text("{}")
    os.utime(left, (0, 0))
    fresh = site.environment("coming")
    fresh.write_text("{}")
    site.run("any")
    wait_until(lambda: not left.exists())
    assert fresh.exists()


def test_an_environment_is_on_disk_only_while_its_job_is_queued(new_site: NewSite) -> None:
    site = new_site(1)
    site.create("first", WAIT)
    site.create("second")
    site.wait_for_output("first", "up")
    assert [site.environment(job).exists() for job in ("first", "second")] == [False, True]
    site.engine.cancel("second")
    assert not site.environment("second").exists()


def test_a_deletion_that_was_killed_is_made_up_for(site: Site) -> None:
    (site.root / "removed" / "left").mkdir(parents=True)
    site.run("old")
    site.engine.delete("old")
    assert list((site.root / "removed").iterdir()) == []
    assert not site.folder("old").exists()


def test_everything_of_the_engine_is_the_users_own(site: Site) -> None:
    site.run("private", "print('hello')")
    work = site.folder("private") / "work"
    paths = [path for path in site.root.rglob("*") if work not in path.parents]
    wrong = {str(path): oct(path.stat().st_mode) for path in paths if path.stat().st_mode & 0o077}
    assert wrong == {}
