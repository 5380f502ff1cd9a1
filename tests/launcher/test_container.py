"""Container programs, with a stand-in for the runtime: a real program that is called as docker is and notes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from submit.emulator.outside import inside
from tests.launcher.conftest import Replica, linux_only

RUNTIME = """#!/bin/sh
echo "$@" >> "$0.calls"
[ "$1" = run ] || exit 0
echo "secret: $SECRET, root: $GCS_ROOT"
exec sh -c "$(cat "$0.program")"
"""


@pytest.fixture
def runtime(replica: Replica, tmp_path: Path) -> Path:
    path = tmp_path / "podman"
    path.write_text(RUNTIME)
    path.chmod(0o755)
    replica.task |= {
        "module": None,
        "container": {"image": "img", "command": [], "runtime": str(path)},
        "env": {"SECRET": "s3cret"},
        "bucket_root": str(tmp_path),
    }
    return path


def program(runtime: Path, source: str) -> None:
    Path(f"{runtime}.program").write_text(source)


def calls(runtime: Path) -> list[str]:
    return Path(f"{runtime}.calls").read_text().splitlines()


def test_an_image_runs_with_its_variables_passed_by_name(replica: Replica, runtime: Path) -> None:
    program(runtime, "echo from the image; exit 3")

    assert replica.run() == 3

    assert replica.output() == ["secret: s3cret, root: /gcs", "from the image"]
    (call,) = calls(runtime)
    assert call.endswith("--env SECRET img")
    assert "s3cret" not in call
    assert "s3cret" not in replica.log()[0]["message"]
    assert (replica.record()["cause"], replica.record()["exit_code"]) == ("exit code", 3)


def test_the_runtimes_own_failure_is_a_matter_of_the_environment(replica: Replica, runtime: Path) -> None:
    program(runtime, "echo no such image >&2; exit 125")

    replica.run()

    record = replica.record()
    assert (record["cause"], record["exit_code"], record["traceback"]) == ("environment", None, "no such image")
    assert record["message"] == (
        "its container could not be started. Docker or Podman must be running on this machine, and able to pull the"
        " image."
    )
    assert replica.log()[-1]["message"] == record["message"]


def test_a_container_can_be_found_by_its_job_its_log_and_its_record(replica: Replica, runtime: Path) -> None:
    program(runtime, "exit 0")

    replica.run()

    task = replica.task
    labels = f"--label jobdir.job=job1 --label jobdir.log={task['log']} --label jobdir.record={task['record']}"
    assert labels in calls(runtime)[0]


def test_a_container_whose_client_had_to_be_killed_is_removed(replica: Replica, runtime: Path) -> None:
    program(runtime, "trap '' TERM; echo ready; sleep 60")
    replica.start()
    replica.wait_for("ready")

    replica.tell("term 0.2")

    assert replica.wait(5) == 137
    run, remove = calls(runtime)
    name = run.split("--name ")[1].split()[0]
    assert name.startswith("jobdir-job1-workerpool0-0-")
    assert remove == f"rm --force {name}"


def test_without_a_runtime_it_is_said(replica: Replica) -> None:
    replica.task |= {"module": None, "container": {"image": "img:1", "command": [], "runtime": None}}

    assert replica.run() == 125

    record = replica.record()
    assert (record["cause"], record["exit_code"]) == ("environment", None)
    assert record["message"] == (
        "the job runs the container image img:1, and neither docker nor podman is installed here"
    )


@linux_only
def test_an_image_finds_an_emulator_as_the_job_was_told_to(replica: Replica, runtime: Path, tmp_path: Path) -> None:
    roots = tmp_path / "roots.pem"
    roots.touch()
    ours = {"https_proxy": "http://127.0.0.1:8085", "SSL_CERT_FILE": str(roots)}
    replica.env |= inside(replica.env, ours)
    program(runtime, 'echo "$https_proxy"')

    assert replica.run() == 0

    assert "http://127.0.0.1:8085" in replica.output()
    (call,) = calls(runtime)
    assert f"--volume {roots}:{roots}:ro" in call
    assert "--env https_proxy --env SSL_CERT_FILE" in call
