from __future__ import annotations

import re
import signal
from pathlib import Path

import pytest

from tests.trainer.runs import Ended, checkpoint_steps, finish, read_until, start, train

# Small batches make long epochs, so that the signal comes in the middle of one: 360 steps.
LONG = ("--batch-size", "4", "--checkpoint-every", "1000000")
STEPS_PER_EPOCH = 360


def interrupt(folder: Path, number: signal.Signals) -> Ended:
    process = start(folder, "--job-dir", "job", "--epochs", "1000000", *LONG)
    read = read_until(process, "epoch 2 ")
    process.send_signal(number)
    return finish(process, read)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_makes_it_save_and_end_by_that_signal(tmp_path: Path, number: signal.Signals) -> None:
    ended = interrupt(tmp_path, number)
    assert (ended.exit_code, ended.err) == (-number, "")
    (step,) = checkpoint_steps(tmp_path / "job/checkpoints")
    assert f"wrote checkpoint step={step}" in ended.out
    assert ended.last_line.startswith(f"WARNING:trainer:leaving, as told by signal {number.value};")
    assert not (tmp_path / "job/model").exists()


def test_an_interrupted_run_resumes_and_ends_with_the_model_of_an_undisturbed_one(tmp_path: Path) -> None:
    interrupt(tmp_path, signal.SIGTERM)
    (step,) = checkpoint_steps(tmp_path / "job/checkpoints")
    done = step // STEPS_PER_EPOCH

    resumed = train(tmp_path, "--job-dir", "job", "--epochs", str(done + 2), *LONG)
    assert f"INFO:trainer:resuming from epoch {done + 1} step={step}\n" in resumed.out
    assert resumed.epochs == [done + 1, done + 2]

    train(tmp_path, "--job-dir", "undisturbed", "--epochs", str(done + 2), *LONG)
    model = "model/model.npz"
    assert (tmp_path / "job" / model).read_bytes() == (tmp_path / "undisturbed" / model).read_bytes()


def test_a_killed_run_resumes_from_the_last_regular_checkpoint(tmp_path: Path) -> None:
    process = start(tmp_path, "--job-dir", "job", "--epochs", "1000000", "--checkpoint-every", "1")
    read_until(process, "epoch 3 ")
    process.kill()
    assert finish(process).exit_code == -signal.SIGKILL

    newest = checkpoint_steps(tmp_path / "job/checkpoints")[-1]
    resumed = train(tmp_path, "--job-dir", "job", "--epochs", "1")
    assert re.search(rf"resuming from epoch \d+ step={newest}\n", resumed.out)
