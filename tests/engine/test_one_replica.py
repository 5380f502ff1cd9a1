"""Jobs of one replica, from their creation to the service's last word."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import pytest

from submit.engine import Engine
from submit.errors import ErrorKind, ServiceError
from tests.engine.site import Site
from tests.project import wait_until

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")


def test_a_job_that_ends_well(site: Site) -> None:
    job = site.run("good", "print('hello')")
    assert (job["state"], job["exit_code"], job["cause"], job["message"]) == ("SUCCEEDED", 0, None, "")
    (replica,) = job["replicas"]
    assert (replica["name"], replica["state"], replica["restarts"]) == ("workerpool0-0", "SUCCEEDED", 0)
    assert replica["peak_memory_bytes"] > 1 << 20
    assert site.output("good") == ["hello"]
    assert site.messages("good", "service") == [
        "Waiting for job to be provisioned.",
        "Job is preparing.",
        "Job is running.",
        "Job completed successfully.",
    ]


def test_its_times_follow_each_other(site: Site) -> None:
    job = site.run("timed")
    assert job["create_time"] < job["start_time"] < job["end_time"]
    assert len(job["end_time"]) == len("2026-11-21T03:33:37.123456789Z")


def test_a_failed_trainer_is_shown_with_its_exit_code_and_traceback(site: Site) -> None:
    job = site.run(
        "bad",
        "import sys\ntry:\n    1 / 0\nexcept ZeroDivisionError:\n"
        "    import traceback; traceback.print_exc(); sys.exit(3)",
    )
    assert (job["state"], job["cause"], job["exit_code"]) == ("FAILED", "exit code", 3)
    assert job["message"] == (
        "The replica workerpool0-0 exited with a non-zero status of 3. Termination reason: Error."
    )
    assert job["traceback"].endswith("ZeroDivisionError: division by zero")
    assert site.messages("bad", "service")[-2:] == [f"{job['message']}\n{job['traceback']}", "Job failed."]
    assert job["replicas"][0]["restarts"] == 0, "an exit code is permanent"


def test_a_job_that_takes_too_long_is_terminated(site: Site) -> None:
    job = site.run("slow", "import time; time.sleep(60)", timeout_s=0.3)
    assert (job["state"], job["cause"]) == ("FAILED", "time-out")
    assert job["message"] == "The job did not finish within its time-out of 0.3 s and was terminated."


def test_a_trainer_that_ignores_the_time_out_is_killed_after_its_grace(site: Site) -> None:
    begin = time.monotonic()
    job = site.run(
        "stubborn", "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(60)", timeout_s=0.3, grace_s=0.4
    )
    assert (job["state"], job["cause"]) == ("FAILED", "time-out")
    assert 0.7 < time.monotonic() - begin < 5


def test_a_cancelled_job_is_cancelled_even_if_its_trainer_ends_well(site: Site) -> None:
    source = "import signal, sys, time\nsignal.signal(15, lambda *_: (print('saved'), sys.exit(0)))\nprint('up')\n"
    site.create("unwanted", source + "time.sleep(60)")
    site.wait_for_output("unwanted", "up")
    begin = time.monotonic()
    site.engine.cancel("unwanted")
    job = site.wait("unwanted")
    assert time.monotonic() - begin < 2
    assert (job["state"], job["cause"], job["exit_code"]) == ("CANCELLED", "cancelled", None)
    assert site.output("unwanted") == ["up", "saved"]
    assert site.messages("unwanted", "service")[-1] == "Job cancelled."


def test_cancelling_reaches_the_trainer_at_once(site: Site) -> None:
    source = "import signal, sys, time\nsignal.signal(15, lambda *_: sys.exit(print(time.time())))\nprint('up')\n"
    site.create("prompt", source + "time.sleep(60)")
    site.wait_for_output("prompt", "up")
    asked = time.time()
    site.engine.cancel("prompt")
    site.wait("prompt")
    assert float(site.output("prompt")[1]) - asked < 0.3


def test_a_job_out_of_memory_is_told_apart_and_not_tried_again(site: Site) -> None:
    source = "import time; kept = bytearray(300 << 20); time.sleep(60)"
    job = site.run("greedy", source, memory_limit_bytes=100 << 20)
    assert (job["state"], job["cause"], job["replicas"][0]["restarts"]) == ("FAILED", "out of memory", 0)
    assert job["message"].startswith("The replica workerpool0-0 ran out of memory and exited")


def test_a_package_that_is_not_what_was_sent_fails_in_its_environment(site: Site) -> None:
    wrong = {**site.package, "sha256": "0" * 64}
    job = site.run("changed", packages=[wrong])
    assert (job["state"], job["cause"], job["exit_code"]) == ("FAILED", "environment", None)
    assert job["message"].startswith("The replica workerpool0-0 could not be prepared: ")


def test_a_container_that_cannot_start_is_said_once_and_has_no_exit_code(site: Site, tmp_path: Path) -> None:
    docker = tmp_path / "docker"
    docker.write_text("#!/bin/sh\necho 'docker: Cannot connect to the Docker daemon.' >&2; exit 125\n")
    docker.chmod(0o755)
    chief = {"role": "chief", "replicas": 1, "container": {"image": "img", "command": []}, "args": [], "env": {}}
    with site.creator(PATH=f"{tmp_path}:{os.environ['PATH']}") as client:
        client.communicate(json.dumps(site.request("image", pools=[chief])))
    job = site.wait("image")
    assert (job["state"], job["cause"], job["exit_code"]) == ("FAILED", "environment", None)
    assert job["replicas"][0]["exit_code"] is None
    assert job["message"] == (
        "The replica workerpool0-0 could not be prepared: its container could not be started."
        " Docker or Podman must be running on this machine, and able to pull the image."
    )
    assert job["traceback"] == "docker: Cannot connect to the Docker daemon."


def test_a_crash_is_tried_three_times_again(site: Site) -> None:
    job = site.run("crash", "import os, signal; print('try'); os.kill(os.getpid(), signal.SIGSEGV)")
    assert (job["state"], job["cause"], job["exit_code"]) == ("FAILED", "signal", 139)
    assert job["replicas"][0]["restarts"] == 3
    assert site.output("crash") == ["try"] * 4
    assert job["message"].endswith("It was ended by SIGSEGV. It had been restarted 3 times.")
    assert "The replica workerpool0-0 ended by SIGSEGV and is restarted (1 of 3)." in site.messages("crash")


def test_a_crash_that_passes_is_no_failure(site: Site) -> None:
    source = "import os, pathlib\nmark = pathlib.Path('mark')\nif not mark.exists(): mark.touch(); os.abort()"
    job = site.run("flaky", source)
    assert (job["state"], job["replicas"][0]["restarts"]) == ("SUCCEEDED", 1)


def test_without_retries_a_crash_is_final(site: Site) -> None:
    job = site.run("once", "import os; os.abort()", disable_retries=True)
    assert (job["state"], job["exit_code"], job["replicas"][0]["restarts"]) == ("FAILED", 134, 0)


@linux_only
def test_nothing_that_a_trainer_started_survives_it(site: Site) -> None:
    source = "import subprocess\nsubprocess.Popen(['sleep', '60'], start_new_session=True)"
    site.run("parent", source)
    assert site.processes("parent") == []


def test_the_trainer_sees_the_submitters_environment_which_is_not_kept(site: Site) -> None:
    with site.creator(MY_TOKEN="from the shell") as client:
        client.communicate(json.dumps(site.request("env", "import os; print(os.environ['MY_TOKEN'])")))
    site.wait("env")
    assert site.output("env") == ["from the shell"]
    wait_until(lambda: not site.environment("env").exists())


def test_the_same_submission_makes_one_job(site: Site) -> None:
    site.create("same", "print('once')")
    site.create("same", "print('once')")
    site.wait("same")
    assert len(site.engine.list()) == 1
    assert site.output("same") == ["once"]


def test_another_submission_cannot_take_a_name(site: Site) -> None:
    site.create("taken")
    with pytest.raises(ServiceError, match="there is a job `taken` already") as caught:
        site.create("taken", submission_id="another")
    assert caught.value.kind is ErrorKind.EXISTS


def test_an_unknown_job_is_not_found(site: Site) -> None:
    for ask in (lambda: site.engine.get(["no"]), lambda: site.engine.cancel("no"), lambda: site.engine.delete("no")):
        with pytest.raises(ServiceError, match="there is no job `no`") as caught:
            ask()
        assert caught.value.kind is ErrorKind.NOT_FOUND


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"id": "../escape"}, "`../escape` cannot be a job's id"),
        ({"pools": []}, "a job has exactly one chief"),
        ({"pools": [{"role": "boss", "module": "m"}]}, "`boss` is not a role: chief, worker, ps, evaluator"),
        ({"pools": [{"role": "chief", "replicas": 1}]}, "a pool runs either a module or a container"),
    ],
)
def test_a_request_that_cannot_be_run_is_refused(site: Site, changes: dict[str, object], message: str) -> None:
    with pytest.raises(ServiceError, match=message) as caught:
        site.engine.create(site.request("odd") | changes)
    assert caught.value.kind is ErrorKind.INVALID
    assert site.engine.list() == []


def test_a_running_job_is_deleted_only_after_it_was_cancelled(site: Site) -> None:
    site.create("busy", "import time; time.sleep(60)")
    site.wait("busy", "RUNNING")
    with pytest.raises(ServiceError, match="the job `busy` is running and cannot be deleted") as caught:
        site.engine.delete("busy")
    assert caught.value.kind is ErrorKind.INVALID
    site.engine.cancel("busy")
    site.wait("busy")
    site.engine.delete("busy")
    assert not site.folder("busy").exists()
    assert site.engine.list() == []


def test_deleting_leaves_the_job_dir(site: Site, tmp_path: Path) -> None:
    source = "import pathlib, sys\nto = pathlib.Path(sys.argv[-1]); to.mkdir(); (to / 'model').write_text('7')"
    assert site.run("model", source, job_dir=str(tmp_path / "out"))["state"] == "SUCCEEDED"
    site.engine.delete("model")
    assert (tmp_path / "out" / "model").read_text() == "7"


def test_a_name_is_free_again_after_deletion(site: Site) -> None:
    site.run("again", "print('first')")
    site.engine.delete("again")
    site.run("again", "print('second')", submission_id="another")
    assert site.output("again") == ["second"]


def test_a_log_is_read_in_pieces_without_a_gap_or_a_repeat(site: Site) -> None:
    site.create("chatty", "for n in range(500): print(n)")
    pieces: list[str] = []
    position, ended = 0, False
    while not ended:
        page = site.engine.read_log("chatty", position, wait_s=5.0, limit=700)
        assert isinstance(page["position"], int)
        assert page["position"] > position or page["ended"]
        assert not (page["more"] and page["ended"])
        position, ended = page["position"], page["ended"] is True
        pieces.append(str(page["data"]))
    entries = [json.loads(line) for line in "".join(pieces).splitlines()]
    assert [entry["message"] for entry in entries if entry["stream"]] == [str(n) for n in range(500)]
    assert len({entry["id"] for entry in entries}) == len(entries)
    assert entries[-1]["message"] == "Job completed successfully."


def test_a_long_line_behind_a_short_one_is_more_that_is_there(site: Site) -> None:
    site.run("long", "print('short'); print('x' * 5000)")
    page = site.engine.read_log("long", 0, limit=2000)
    assert "xxx" not in str(page["data"])
    assert page["more"] is True
    rest = site.engine.read_log("long", int(str(page["position"])))
    assert "xxx" in str(rest["data"])
    assert (rest["more"], rest["ended"]) == (False, True)


def test_waiting_for_a_log_line_ends_as_soon_as_it_is_there(site: Site) -> None:
    site.create("late", "import time; time.sleep(0.4); print(time.time())")
    position, printed = 0, None
    while printed is None:
        page = site.engine.read_log("late", position, wait_s=10.0)
        arrived = time.time()
        position = int(str(page["position"]))
        entries = [json.loads(line) for line in str(page["data"]).splitlines()]
        printed = next((float(entry["message"]) for entry in entries if entry["stream"]), None)
    assert arrived - printed < 0.2


def test_jobs_are_there_for_a_later_engine(site: Site, cache: Path, tmp_path: Path) -> None:
    site.run("kept", "print('hello')", client={"mine": [1]}, labels={"team": "a"})
    later = Engine(site.root, cache=cache, bucket_root=tmp_path / "buckets")
    (job,) = later.list()
    later.close()
    assert (job["state"], job["client"], job["labels"]) == ("SUCCEEDED", {"mine": [1]}, {"team": "a"})
