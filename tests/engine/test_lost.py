"""Whatever dies with SIGKILL: the job is queued, owned, or settled as lost, and nothing of it runs on."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.engine.conftest import NewSite
from tests.engine.site import Site
from tests.project import alive, wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")

# A trainer that wants to survive: it ignores signals and has a child in a session of its own.
CLING = """
import os, signal, subprocess, time
for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT): signal.signal(number, signal.SIG_IGN)
child = subprocess.Popen(['sleep', '60'], start_new_session=True)
print('up', flush=True)
time.sleep(60)
"""


# One whose children cannot be told by their environment, and of which one is in a session of its own.
HIDE = """
import subprocess, time
for own in (False, True):
    print(subprocess.Popen(['sleep', '60'], start_new_session=own, env={}, executable='/bin/sleep').pid, flush=True)
time.sleep(60)
"""


def start_hiding(site: Site, job: str) -> list[int]:
    """The children's pids."""
    site.create(job, HIDE)
    wait_until(lambda: len(site.output(job)) == 2)
    return [int(pid) for pid in site.output(job)]


def launchers(site: Site, job: str) -> list[int]:
    commands = {pid: Path(f"/proc/{pid}/cmdline").read_bytes() for pid in site.processes(job)}
    return [pid for pid, command in commands.items() if b"launch.py" in command]


def start_clinging(site: Site, job: str) -> list[int]:
    site.create(job, CLING)
    site.wait_for_output(job, "up")
    return site.processes(job)


def test_a_job_without_its_supervisor_has_failed_and_left_nothing(site: Site) -> None:
    processes = start_clinging(site, "lost")
    assert len(processes) == 3
    os.kill(site.supervisor("lost"), signal.SIGKILL)
    wait_until(lambda: site.get("lost")["state"] == "FAILED")
    job = site.get("lost")
    assert job["cause"] == "supervisor lost"
    assert job["message"].startswith("The supervisor of the job was lost")
    assert not [pid for pid in processes if alive(pid)]
    assert site.log("lost")[-1]["message"].endswith("Job failed.")
    assert job["replicas"][0]["state"] == "FAILED"


def test_supervisor_and_launcher_killed_together_leave_nothing(site: Site) -> None:
    processes = start_clinging(site, "both")
    for pid in [*launchers(site, "both"), site.supervisor("both")]:
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: site.get("both")["state"] == "FAILED")
    wait_until(lambda: not [pid for pid in processes if alive(pid)], timeout=1)


def test_a_lost_jobs_launcher_ends_what_nobody_else_can_find(site: Site) -> None:
    hidden = start_hiding(site, "hiding")
    os.kill(site.supervisor("hiding"), signal.SIGKILL)
    wait_until(lambda: site.get("hiding")["state"] == "FAILED")
    assert not [pid for pid in hidden if alive(pid)]


def test_the_session_of_a_trainer_ends_though_supervisor_launcher_and_trainer_are_killed(site: Site) -> None:
    in_session, escaped = start_hiding(site, "session")
    for pid in [*site.processes("session"), site.supervisor("session")]:
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: site.get("session")["state"] == "FAILED")
    assert not alive(in_session)
    os.kill(escaped, signal.SIGKILL)  # the only kind that nobody can tell from other programs


def test_nothing_is_left_of_a_replica_whose_launcher_was_killed(site: Site) -> None:
    hidden = start_hiding(site, "relaunch")
    os.kill(launchers(site, "relaunch")[0], signal.SIGKILL)
    wait_until(lambda: len(site.output("relaunch")) == 4)
    assert not [pid for pid in hidden if alive(pid)]
    site.engine.cancel("relaunch")
    site.wait("relaunch")
    assert not [pid for pid in map(int, site.output("relaunch")) if alive(pid)]


def test_a_replica_whose_launcher_is_killed_is_started_again(site: Site) -> None:
    processes = start_clinging(site, "relaunched")
    os.kill(launchers(site, "relaunched")[0], signal.SIGKILL)
    wait_until(lambda: site.get("relaunched")["replicas"][0]["restarts"] == 1)
    wait_until(lambda: site.output("relaunched") == ["up", "up"])
    assert not [pid for pid in processes if alive(pid)]


def test_the_reader_of_a_log_is_told_that_the_job_was_lost(site: Site) -> None:
    start_clinging(site, "read")
    position = int(str(site.engine.read_log("read", 0)["position"]))
    os.kill(site.supervisor("read"), signal.SIGKILL)
    page = site.engine.read_log("read", position, wait_s=5.0)
    while not page["ended"]:
        page = site.engine.read_log("read", int(str(page["position"])), wait_s=5.0)
    assert site.get("read")["cause"] == "supervisor lost"


def test_a_cancelled_job_that_loses_its_supervisor_is_cancelled(site: Site) -> None:
    start_clinging(site, "given_up")
    site.engine.cancel("given_up")
    os.kill(site.supervisor("given_up"), signal.SIGKILL)
    assert site.wait("given_up")["state"] == "CANCELLED"


def test_the_queue_moves_on_after_a_supervisor_was_lost(new_site: NewSite) -> None:
    site = new_site(1)
    start_clinging(site, "first")
    site.create("second", "print('ran')")
    assert site.get("second")["state"] == "QUEUED"
    os.kill(site.supervisor("first"), signal.SIGKILL)
    assert site.wait("first")["cause"] == "supervisor lost"
    assert site.wait("second")["state"] == "SUCCEEDED"


def test_a_job_outlives_the_client_that_created_it(site: Site) -> None:
    with site.creator() as client:
        assert client.stdin
        assert client.stdout
        client.stdin.write(json.dumps(site.request("orphan", "import time; time.sleep(0.5); print('done')")) + "\n")
        client.stdin.flush()
        client.stdout.readline()
        client.kill()
    assert site.wait("orphan")["state"] == "SUCCEEDED"
    assert site.output("orphan") == ["done"]


def test_an_unfinished_log_line_is_cut_when_a_lost_job_is_settled(site: Site) -> None:
    start_clinging(site, "torn")
    os.kill(site.supervisor("torn"), signal.SIGKILL)
    wait_until(lambda: not site.processes("torn"))
    with (site.folder("torn") / "log.jsonl").open("a") as log:
        log.write('{"time": "2026-')
    site.wait("torn")
    assert site.log("torn")[-1]["message"].endswith("Job failed.")


# A container runtime: `run` starts a program that is nobody's descendant; containers are files with their labels.
RUNTIME = """#!/bin/sh
mkdir -p "$0.containers"
case $1 in
run) echo "$@" > "$0.containers/c1"; trap '' TERM; echo up; sleep 60;;
ps) for filter in "$6" "$8"; do grep -q -e "--label $(echo "$filter" | cut -c7-)" "$0.containers/c1" || exit 0; done
    echo c1;;
rm) rm "$0.containers/$3"; echo "$@" >> "$0.removed";;
esac
"""


@pytest.mark.parametrize("supervisor_too", [False, True])
def test_the_container_of_a_killed_launcher_is_removed(site: Site, tmp_path: Path, *, supervisor_too: bool) -> None:
    runtime = tmp_path / "docker"
    runtime.write_text(RUNTIME)
    runtime.chmod(0o755)
    chief = {"role": "chief", "replicas": 1, "container": {"image": "img", "command": []}, "args": [], "env": {}}
    with site.creator(PATH=f"{tmp_path}:{os.environ['PATH']}") as client:
        client.communicate(json.dumps(site.request("boxed", pools=[chief], disable_retries=True)))
    site.wait_for_output("boxed", "up")
    killed = launchers(site, "boxed") + ([site.supervisor("boxed")] if supervisor_too else [])
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    assert site.wait("boxed")["cause"] == ("supervisor lost" if supervisor_too else "signal")
    assert Path(f"{runtime}.removed").read_text() == "rm --force c1\n"


# Each attempt notes itself, prints whole lines for a while, and leaves a process that clings to life.
NOTES = """
import subprocess, sys, time
note = open(sys.argv[1], 'a', buffering=1); note.write('begin ')
subprocess.Popen(['sleep', '60'], start_new_session=True)
for n in range(20): print('line', n, '.' * 2000); time.sleep(0.01)
note.write('end ')
"""


def kill_some(site: Site, job: str, victims: str) -> None:
    """`victims`: supervisor, launchers (launch.py), trainers, or two of them."""
    pids = site.processes(job)
    commands = [(pid, _command(pid)) for pid in pids]
    chosen = [pid for pid, command in commands if "launcher" in victims and b"launch.py" in command]
    chosen += [pid for pid, command in commands if "trainer" in victims and b"trainer.task" in command]
    if "supervisor" in victims and (lock := site.folder(job) / "lock").exists():
        chosen.append(int(lock.read_text() or 0))
    for pid in filter(None, chosen):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


@pytest.mark.parametrize("victims", ["supervisor", "launcher", "trainer", "launcher trainer", "supervisor trainer"])
def test_a_job_killed_at_any_point_is_in_one_right_state(site: Site, tmp_path: Path, victims: str) -> None:
    moments = random.Random(victims)
    for number in range(4):
        job, note = f"job{number}", tmp_path / f"note{number}"
        site.create(job, NOTES, str(note))
        time.sleep(moments.uniform(0, 0.35))
        kill_some(site, job, victims)
        ended = site.wait(job)
        attempts = note.read_text().split() if note.exists() else []
        entries = site.log(job)
        assert (ended["state"], ended["cause"]) in [("SUCCEEDED", None), ("FAILED", "supervisor lost")]
        assert len({entry["id"] for entry in entries}) == len(entries)
        assert entries[-1]["message"] in ("Job completed successfully.", "Job failed.")
        assert attempts.count("begin") <= 1 + sum(replica["restarts"] for replica in ended["replicas"])
        assert ("end" in attempts) or ended["state"] == "FAILED"
        assert site.processes(job) == []
    assert site.run("after", "print('ran')")["state"] == "SUCCEEDED"
