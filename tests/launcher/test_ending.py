"""How a replica ends when others want it to, and that nothing of it outlives it."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from tests.launcher.conftest import Replica, alive, linux_only, wait_until

IGNORES_TERM = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('ready')\ntime.sleep(60)\n"
SAVES_ON_TERM = """
import os, signal, sys, time
def save(*_):
    print('saving'); time.sleep(0.2); print('saved'); sys.exit(0)
signal.signal(signal.SIGTERM, save)
print('ready')
time.sleep(60)
"""
# A daemon as daemons are made: forked twice, in a session of its own, deaf to SIGTERM.
LEAVES_A_DAEMON = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        print(os.getpid())
        print('ready')
        time.sleep(60)
    os._exit(0)
os.wait()
"""


def pid_of_daemon(replica: Replica) -> int:
    replica.wait_for("ready")
    return int(replica.output()[0])


def test_a_trainer_may_save_a_checkpoint_when_told_to_end(replica: Replica) -> None:
    replica.write_trainer(SAVES_ON_TERM)
    replica.start()
    replica.wait_for("ready")

    replica.tell("term 5")

    assert replica.wait() == 0
    assert replica.output() == ["ready", "saving", "saved"]
    record = replica.record()
    assert (record["exit_code"], record["signal"], record["cause"]) == (0, None, "terminated")
    assert record["message"] == "The replica workerpool0-0 was told to end and exited with status 0."


def test_a_child_that_outlives_the_trainer_is_told_once_as_well(replica: Replica) -> None:
    child = SAVES_ON_TERM.replace("'ready'", "'child ready'").replace("sys.exit(0)", "os._exit(0)")
    replica.write_trainer(f"import os\nif os.fork() == 0:\n    exec({child!r})\nimport time; time.sleep(60)")
    replica.start()
    replica.wait_for("child ready")

    replica.tell("term 5")

    assert replica.wait() == 143
    assert replica.output() == ["child ready", "saving", "saved"]


def test_a_second_order_does_not_disturb_the_handler_of_the_first(replica: Replica) -> None:
    replica.write_trainer(SAVES_ON_TERM)
    replica.start()
    replica.wait_for("ready")

    replica.tell("term 5")
    replica.wait_for("saving")
    replica.tell("term 5")

    assert replica.wait() == 0
    assert replica.output() == ["ready", "saving", "saved"]


def test_a_trainer_that_ignores_sigterm_is_killed_after_the_grace(replica: Replica) -> None:
    replica.write_trainer(IGNORES_TERM)
    replica.start()
    replica.wait_for("ready")

    began = time.monotonic()
    replica.tell("term 0.3")

    assert replica.wait() == 137
    assert 0.3 <= time.monotonic() - began < 2
    record = replica.record()
    assert (record["exit_code"], record["signal"], record["cause"]) == (137, 9, "terminated")


def test_kill_does_not_wait(replica: Replica) -> None:
    replica.write_trainer(IGNORES_TERM)
    replica.start()
    replica.wait_for("ready")

    replica.tell("term 60")
    replica.tell("kill")

    assert replica.wait(3) == 137
    assert replica.record()["cause"] == "terminated"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_without_a_control_channel_a_signal_is_passed_on_with_grace(replica: Replica, number: int) -> None:
    replica.write_trainer(SAVES_ON_TERM)
    replica.start(control=False)
    replica.wait_for("ready")

    assert replica.process
    replica.process.send_signal(number)

    assert replica.wait() == 0
    assert replica.output()[-1] == "saved"
    assert replica.record()["cause"] == "terminated"


def test_an_order_during_preparation_ends_it(replica: Replica, tmp_path: Path) -> None:
    slow = tmp_path / "slow-python"
    slow.write_text("#!/bin/sh\nsleep 60\n")
    slow.chmod(0o755)
    replica.task["python"] = str(slow)
    replica.start()
    time.sleep(0.2)

    replica.tell("term 5")

    assert replica.wait(3) == 143
    record = replica.record()
    assert (record["exit_code"], record["cause"]) == (None, "terminated")
    assert record["message"] == "workerpool0-0 was ended before it ran."


def test_children_that_a_trainer_left_in_its_group_are_ended(replica: Replica) -> None:
    replica.write_trainer(
        "import os, time\nif os.fork() == 0:\n    print(os.getpid()); time.sleep(60)\ntime.sleep(0.1)\n"
    )

    assert replica.run() == 0

    assert not alive(int(replica.output()[0]))


@linux_only
def test_a_daemon_does_not_escape(replica: Replica) -> None:
    replica.write_trainer(LEAVES_A_DAEMON)

    assert replica.run() == 0

    assert not alive(int(replica.output()[0]))


@linux_only
def test_the_trainer_dies_with_a_killed_launcher(replica: Replica) -> None:
    replica.write_trainer("import os, time; print(os.getpid()); print('ready'); time.sleep(60)")
    replica.start()
    pid = pid_of_daemon(replica)

    assert replica.process
    os.kill(replica.process.pid, signal.SIGKILL)
    replica.wait()

    wait_until(lambda: not alive(pid), 2)


@linux_only
def test_the_end_of_the_supervisor_ends_everything_at_once(replica: Replica) -> None:
    replica.write_trainer(LEAVES_A_DAEMON.replace("os.wait()", "os.wait(); time.sleep(60)"))
    replica.start()
    daemon = pid_of_daemon(replica)

    assert replica.control
    replica.control.close()

    assert replica.wait(3) == 137
    assert not alive(daemon)
    assert replica.record()["cause"] == "terminated"


def test_a_fault_of_the_launcher_leaves_no_trainer_behind(replica: Replica) -> None:
    replica.write_trainer("import os, time; print(os.getpid()); print('ready'); time.sleep(60)")
    replica.start()
    pid = pid_of_daemon(replica)

    replica.tell("term soon")

    assert replica.wait(3) == 125
    assert not alive(pid)
    assert replica.record()["message"].startswith("the launcher failed: ValueError(")
