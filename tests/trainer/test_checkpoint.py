from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.trainer.runs import checkpoint_steps, train
from tests.trainer.test_task import assert_error

STEPS_PER_EPOCH = 45


def test_only_the_newest_three_checkpoints_are_kept(tmp_path: Path) -> None:
    train(tmp_path, "--job-dir", "job", "--epochs", "9", "--checkpoint-every", "2")
    assert checkpoint_steps(tmp_path / "job/checkpoints") == [6 * 45, 8 * 45, 9 * 45]


@pytest.fixture(scope="module")
def three_epochs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A job dir with a checkpoint after each of three epochs."""
    folder = tmp_path_factory.mktemp("three_epochs")
    assert train(folder, "--job-dir", "job", "--epochs", "3", "--checkpoint-every", "1").exit_code == 0
    return folder / "job"


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def flip_a_bit(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("damage", [truncate, flip_a_bit, empty])
def test_a_damaged_checkpoint_is_skipped_and_replaced(
    tmp_path: Path, three_epochs: Path, damage: Callable[[Path], None]
) -> None:
    shutil.copytree(three_epochs, tmp_path / "job")
    newest = max((tmp_path / "job/checkpoints").iterdir())
    damage(newest)

    ended = train(tmp_path, "--job-dir", "job", "--epochs", "3")
    assert f"WARNING:trainer:skipping a damaged checkpoint path={newest}\n" in ended.out
    assert "INFO:trainer:resuming from epoch 3 step=90\n" in ended.out
    assert ended.epochs == [3]
    for path in three_epochs.rglob("*.npz"):
        assert (tmp_path / "job" / path.relative_to(three_epochs)).read_bytes() == path.read_bytes()


def test_with_every_checkpoint_damaged_it_starts_anew(tmp_path: Path, three_epochs: Path) -> None:
    shutil.copytree(three_epochs, tmp_path / "job")
    for path in (tmp_path / "job/checkpoints").iterdir():
        empty(path)
    assert train(tmp_path, "--job-dir", "job", "--epochs", "2").epochs == [1, 2]


def test_foreign_and_unfinished_files_are_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "job/checkpoints"
    folder.mkdir(parents=True)
    names = {"notes.txt", ".step-00000900-0badc0de.npz.unfinished"}
    for name in names:
        (folder / name).write_text("mine")
    assert train(tmp_path, "--job-dir", "job", "--epochs", "1").epochs == [1]
    assert names < {path.name for path in folder.iterdir()}


def test_a_finished_run_started_again_trains_no_more(tmp_path: Path, three_epochs: Path) -> None:
    shutil.copytree(three_epochs, tmp_path / "job")
    assert train(tmp_path, "--job-dir", "job", "--epochs", "3").epochs == []
    model = "model/model.npz"
    assert (tmp_path / "job" / model).read_bytes() == (three_epochs / model).read_bytes()


def test_a_checkpoint_of_other_hyperparameters_is_refused(tmp_path: Path, three_epochs: Path) -> None:
    newest = max((three_epochs / "checkpoints").iterdir())
    ended = train(tmp_path, "--job-dir", str(three_epochs), "--arg", "7", "--hidden-units", "8")
    message = f"`{newest}` is from a run with seed=42 hidden_units=64: "
    assert_error(ended, message + "choose another --job-dir, or delete the checkpoints to start anew")
