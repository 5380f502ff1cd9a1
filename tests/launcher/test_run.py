from __future__ import annotations

import json
import re
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from submit import launcher
from tests.launcher.conftest import Replica, linux_only


def test_a_module_runs_between_the_lines_of_the_service(replica: Replica) -> None:
    replica.write_trainer("import sys\nprint('hello', sys.argv[1:])\n")
    replica.task["args"] = ["--arg=42"]

    assert replica.run() == 0

    assert [(entry["severity"], entry["stream"], entry["message"]) for entry in replica.log()] == [
        ("INFO", "", "Running command: python3 -m trainer --arg=42"),
        ("INFO", "stdout", "hello ['--arg=42']"),
        ("INFO", "", "Module completed; cleaning up."),
        ("INFO", "", "Clean up finished."),
        ("INFO", "", "Task completed successfully."),
    ]


def test_the_last_numbers_that_a_trial_reports_are_in_its_record(replica: Replica, tmp_path: Path) -> None:
    replica.task["metric_file"] = str(tmp_path / "metrics")
    lines = ['{"accuracy": "0.5"}', "half a li", '["no"]', '{"accuracy": "0.75", "loss": 2}', '{"accuracy": "nan"}']
    replica.write_trainer(f"import os\nopen(os.environ['CLOUD_ML_HP_METRIC_FILE'], 'w').write({chr(10).join(lines)!r})")
    assert replica.run() == 0
    assert replica.record()["metrics"] == {"accuracy": 0.75, "loss": 2.0}


def test_a_trainer_that_reports_nothing_has_no_numbers_in_its_record(replica: Replica, tmp_path: Path) -> None:
    replica.task["metric_file"] = str(tmp_path / "metrics")
    replica.write_trainer("")
    assert replica.run() == 0
    assert replica.record()["metrics"] == {}


def test_entries_are_named_and_strictly_ordered_in_time(replica: Replica) -> None:
    replica.task["restart"] = 2
    replica.write_trainer("for i in range(1000): print(i)")

    replica.run()

    log = replica.log()
    assert [entry["id"] for entry in log] == [f"workerpool0-0.2.{n}" for n in range(1004)]
    assert {entry["replica"] for entry in log} == {"workerpool0-0"}
    times = [entry["time"] for entry in log]
    assert times == sorted(set(times))
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z", time) for time in times)


def test_entries_of_trials_differ_in_their_ids(replica: Replica) -> None:
    replica.task["trial"] = "3"
    replica.write_trainer("print('x')")

    replica.run()

    assert replica.log()[0]["id"] == "3.workerpool0-0.0.0"
    assert replica.log()[0]["trial"] == "3"


def test_the_record_of_a_success(replica: Replica) -> None:
    replica.write_trainer("x = bytearray(50_000_000)\nfor _ in range(3_000_000): pass")

    assert replica.run() == 0

    record = replica.record()
    assert (record["exit_code"], record["signal"], record["cause"]) == (0, None, None)
    assert (record["replica"], record["restart"], record["traceback"]) == ("workerpool0-0", 0, "")
    assert record["message"] == "Task completed successfully."
    assert 50_000_000 < record["peak_memory_bytes"] < 200_000_000
    assert 0.02 < record["cpu_s"] < 10
    assert record["started"] < record["ended"]


def test_the_supervisor_is_told_of_every_stage(replica: Replica) -> None:
    replica.write_trainer("import os; print(os.getpid(), os.getpgrp(), os.getsid(0))")

    replica.start()
    preparing, running, ended = replica.events()

    pid = running["pid"]
    assert preparing == {"event": "preparing"}
    assert running == {"event": "running", "pid": pid, "pgid": pid}
    assert ended == {"event": "ended", **replica.record()}
    assert replica.output() == [f"{pid} {pid} {pid}"]


def test_an_exit_code_is_kept_with_the_traceback(replica: Replica) -> None:
    replica.write_trainer(
        "import traceback, sys\n"
        "try:\n    int('x')\n"
        "except ValueError:\n    traceback.print_exc()\n"
        "print('going', file=sys.stderr)\nsys.exit(3)\n"
    )

    assert replica.run() == 3

    record = replica.record()
    assert (record["exit_code"], record["signal"], record["cause"]) == (3, None, "exit code")
    assert record["message"] == "The replica workerpool0-0 exited with a non-zero status of 3."
    assert record["traceback"].startswith("Traceback (most recent call last):\n")
    assert record["traceback"].endswith("ValueError: invalid literal for int() with base 10: 'x'\ngoing")
    assert [entry["severity"] for entry in replica.log()][1:4] == ["ERROR", "ERROR", "ERROR"]
    assert replica.log()[3]["message"] == "Command '['python3', '-m', 'trainer']' returned non-zero exit status 3."


def test_without_a_traceback_the_end_of_stderr_is_kept(replica: Replica) -> None:
    replica.write_trainer("import argparse; argparse.ArgumentParser(prog='t').parse_args()")
    replica.task["args"] = ["--arg=42"]

    assert replica.run() == 2

    assert replica.record()["traceback"] == "usage: t [-h]\nt: error: unrecognized arguments: --arg=42"


def test_a_long_traceback_keeps_its_head_and_its_end(replica: Replica) -> None:
    replica.write_trainer("def f(n):\n    g(n)\ndef g(n):\n    assert n, 'end'\n    f(n - 1)\nf(100)")

    assert replica.run() == 1

    kept = replica.record()["traceback"]
    assert len(kept) <= 2048
    assert kept.startswith("Traceback (most recent call last):\n  [...]\n")
    assert kept.endswith("AssertionError: end")
    (entry,) = [entry for entry in replica.log() if entry["stream"]]
    assert entry["message"].count("in f\n") > 90


@pytest.mark.parametrize(("name", "number"), [("SIGSEGV", 11), ("SIGKILL", 9), ("SIGTERM", 15)])
def test_a_signal_is_told_from_an_exit_code(replica: Replica, name: str, number: int) -> None:
    replica.write_trainer(f"import os, signal; os.kill(os.getpid(), signal.{name})")

    assert replica.run() == 128 + number

    record = replica.record()
    assert (record["exit_code"], record["signal"], record["cause"]) == (128 + number, number, "signal")
    assert record["message"] == f"The replica workerpool0-0 was ended by signal {number} ({name})."


@linux_only
def test_a_replica_over_its_memory_limit_is_out_of_memory(replica: Replica) -> None:
    replica.task["memory_limit_bytes"] = 150 << 20
    replica.write_trainer(
        "import time\nkept = []\nwhile True:\n    kept.append(bytearray(10_000_000)); time.sleep(0.01)"
    )

    assert replica.run() == 137

    record = replica.record()
    assert (record["exit_code"], record["signal"], record["cause"]) == (137, 9, "out of memory")
    assert record["message"].startswith("The replica workerpool0-0 ran out of memory and exited with a non-zero")
    assert record["message"].endswith(" MiB of 150 MiB.")
    assert record["peak_memory_bytes"] > 150 << 20


@linux_only
def test_memory_that_forked_workers_share_counts_once(replica: Replica) -> None:
    replica.task["memory_limit_bytes"] = 150 << 20
    replica.write_trainer(
        "import os, time\ndata = bytearray(60_000_000)\n"
        "for _ in range(4):\n    if not os.fork(): time.sleep(1); os._exit(0)\n"
        "for _ in range(4): os.wait()\n"
    )

    assert replica.run() == 0


@linux_only
def test_what_has_just_ended_uses_no_memory() -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    assert launcher.proportional(ended.pid, 60_000_000) == 0


def test_a_line_that_a_full_disk_cut_spoils_no_other(task: dict[str, Any]) -> None:
    """The disk is full for a file that may not grow."""
    log = launcher.Log(task)
    log.add("INFO", "one")
    log.write()
    full = Path(task["log"]).stat().st_size
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (full + 50, hard))
        for message in ("two", "three"):
            log.add("INFO", message)
            log.write()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    log.add("INFO", "four")
    log.write()

    first, torn, last = Path(task["log"]).read_text().splitlines()
    assert (json.loads(first)["message"], len(torn), json.loads(last)["message"]) == ("one", 50, "four")
    assert log.lost == 2


def test_no_character_of_a_message_ends_its_line(replica: Replica) -> None:
    replica.write_trainer(r"print('a\x0bb\x0cc\x1cd\x85e\u2028f\u2029g ü')")

    replica.run()

    assert replica.output() == ["a\x0bb\x0cc\x1cd\x85e\u2028f\u2029g ü"]  # as `str.splitlines` finds them


def test_records_and_the_cache_are_the_users_own(replica: Replica, tmp_path: Path) -> None:
    replica.task["cache"] = str(tmp_path / "private")
    replica.write_trainer("")

    assert replica.run() == 0

    folders = [tmp_path / "private", tmp_path / "private" / "environments"]
    assert [folder.stat().st_mode & 0o777 for folder in folders] == [0o700, 0o700]
    assert Path(replica.task["record"]).stat().st_mode & 0o777 == 0o600


def test_none_of_100_000_lines_is_lost(replica: Replica) -> None:
    replica.write_trainer("for i in range(100_000): print('line', i)")

    assert replica.run() == 0

    assert replica.output() == [f"line {i}" for i in range(100_000)]


def test_output_comes_as_it_is_written_also_without_a_line_end(replica: Replica) -> None:
    replica.write_trainer("print('is it? ', end='')\ninput_never = __import__('time').sleep(60)")

    replica.start()
    replica.wait_for("is it? ")
    replica.tell("kill")

    assert replica.wait() == 137


def test_json_lines_and_severities_reach_the_log(replica: Replica) -> None:
    line = json.dumps({"severity": "warning", "message": "low \ud800", "step": 3})
    replica.write_trainer(
        f"import sys, logging\nprint({line!r})\n"
        "logging.basicConfig(level=logging.INFO)\nlogging.info('one')\nlogging.warning('two')\n"
        "sys.stderr.buffer.write(b'bad \\xff byte\\n')\nprint('plain')\n"
    )

    replica.run()

    assert [(entry["severity"], entry["message"]) for entry in replica.log() if entry["stream"] == "stderr"] == [
        ("INFO", "INFO:root:one"),
        ("WARNING", "WARNING:root:two"),
        ("ERROR", "bad \ufffd byte"),
    ]
    first, second = [entry for entry in replica.log() if entry["stream"] == "stdout"]
    assert (first["severity"], first["message"]) == ("WARNING", "low \ud800")
    assert first["fields"] == {"step": 3}
    assert (second["severity"], second["message"], "fields" in second) == ("INFO", "plain", False)


def test_the_trainer_sees_the_contract_and_nothing_of_the_submitters_python(replica: Replica) -> None:
    replica.env |= {
        "PYTHONPATH": "/nowhere",
        "PYTHONDONTWRITEBYTECODE": "1",
        "VIRTUAL_ENV": "/nowhere",
        "TF_CONFIG": "{}",
        "AIP_MODEL_DIR": "gs://other",
        "LANG": "C.UTF-8",
        "https_proxy": "http://proxy:3128",
    }
    replica.task["env"] = {"OUT": "$(CLOUD_ML_JOB_ID)/$$x"}
    replica.write_trainer("import os, json; print(json.dumps({'message': dict(os.environ)}))")

    assert replica.run() == 0

    seen = json.loads(replica.output()[0])
    assert (seen["OUT"], seen["CLOUD_ML_JOB_ID"], seen["PYTHONUNBUFFERED"]) == ("job1/$x", "job1", "1")
    assert (seen["LANG"], seen["https_proxy"], seen["HOME"]) == ("C.UTF-8", "http://proxy:3128", replica.env["HOME"])
    assert seen["JOBDIR_TASK"] == str(replica.folder / "task.json")
    assert not {"PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV", "TF_CONFIG", "AIP_MODEL_DIR"} & set(seen)


def test_the_trainer_starts_with_default_signals_and_no_stray_descriptors(replica: Replica) -> None:
    replica.write_trainer(
        "import os, signal\n"
        "print(signal.getsignal(signal.SIGINT) is signal.default_int_handler, signal.getsignal(signal.SIGTERM) == 0)\n"
        "print([fd for fd in range(3, 50) if os.path.exists(f'/dev/fd/{fd}')], repr(os.read(0, 1)))\n"
    )

    replica.start()
    replica.wait()

    assert replica.output() == ["True True", "[] b''"]


def test_a_program_that_cannot_be_started_is_a_matter_of_the_environment(replica: Replica) -> None:
    replica.write_trainer("")
    Path(replica.task["cwd"], "trainer.py").unlink()
    Path(replica.task["cwd"]).rmdir()

    assert replica.run() == 125

    record = replica.record()
    assert (record["exit_code"], record["cause"]) == (None, "environment")
    assert "No such file or directory" in record["message"]


def test_a_fault_of_the_launcher_itself_is_told(replica: Replica) -> None:
    replica.write_trainer("")
    replica.task["args"] = None

    assert replica.run() == 125

    record = replica.record()
    assert (record["exit_code"], record["cause"]) == (None, "environment")
    assert record["message"].startswith("the launcher failed: TypeError(")
    assert record["traceback"].startswith("Traceback (most recent call last):\n")


def other_pythons() -> list[str]:
    """Interpreters of other versions that a version manager keeps beside ours."""
    versions = Path(sys.base_prefix).parent.glob("3.*/bin/python3")
    return [str(path) for path in sorted(versions) if path.parts[-3].split(".")[1] in ("8", "9", "10", "12", "13")]


@pytest.mark.parametrize("python", other_pythons())
def test_the_launcher_runs_on_every_python_from_3_8(replica: Replica, python: str, tmp_path: Path) -> None:
    replica.python = replica.task["python"] = python
    replica.task["cache"] = str(tmp_path / "cache")
    replica.write_trainer("import sys; print(sys.version_info[:2]); raise SystemExit(4)")

    assert replica.run() == 4

    version = tuple(int(number) for number in python.split("/")[-3].split(".")[:2])
    assert replica.output() == [str(version)]
