from __future__ import annotations

import json
import resource
from pathlib import Path

import numpy as np
import pytest

from tests.trainer.runs import Ended, train
from trainer import arguments, digits, model


def test_the_defaults_reach_95_percent_within_10_seconds_of_cpu(tmp_path: Path) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ended = train(tmp_path, "--job-dir", str(tmp_path / "job"))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)

    assert (ended.exit_code, ended.err) == (0, "")
    assert ended.epochs == list(range(1, 31))
    metrics = json.loads((tmp_path / "job/metrics.json").read_text())
    assert metrics["accuracy"] >= 0.95
    assert metrics["examples"] == {"train": 1437, "test": 360}
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime <= 10


def test_the_written_model_has_the_accuracy_that_the_last_line_claims(tmp_path: Path) -> None:
    ended = train(tmp_path, "--job-dir", "job", "--epochs", "2")

    path = tmp_path / "job/model/model.npz"
    with np.load(path) as layers:
        weights = np.concatenate([layers[name].ravel() for name in model.Layers._fields])
    _, accuracy = model.evaluate(weights, digits.load()[1])
    assert ended.last_line == f"INFO:trainer:done accuracy={accuracy:.4f} model={path}"


def test_without_a_job_dir_the_results_are_in_output(tmp_path: Path) -> None:
    assert train(tmp_path, "--epochs", "1").exit_code == 0
    assert sorted(path.name for path in (tmp_path / "output").iterdir()) == ["checkpoints", "metrics.json", "model"]


def test_arg_is_the_seed(tmp_path: Path) -> None:
    models = []
    for name, seed in (("a", "42"), ("b", "42"), ("c", "43")):
        assert train(tmp_path, "--job-dir", name, f"--arg={seed}", "--epochs", "1").exit_code == 0
        models.append((tmp_path / name / "model/model.npz").read_bytes())
    assert models[0] == models[1] != models[2]


def test_options_may_have_underscores_and_whole_numbers_a_point(tmp_path: Path) -> None:
    words = [
        "--learning_rate",
        "0.01",
        "--batch_size=64.0",
        "--hidden_units",
        "16",
        "--epochs",
        "1",
        "--job_dir",
        "a_b",
    ]
    assert train(tmp_path, *words).exit_code == 0
    assert json.loads((tmp_path / "a_b/metrics.json").read_text())["hyperparameters"] == {
        "seed": 42,
        "batch_size": 64,
        "learning_rate": 0.01,
        "weight_decay": 0.01,
        "hidden_units": 16,
    }


def test_the_service_may_say_where_model_and_checkpoints_go(tmp_path: Path) -> None:
    env = {"AIP_MODEL_DIR": f"{tmp_path}/base/model/", "AIP_CHECKPOINT_DIR": f"{tmp_path}/base/checks/"}
    assert train(tmp_path, "--epochs", "1", env=env).exit_code == 0
    found = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())
    assert [found[0][:17], *found[1:]] == ["base/checks/step-", "base/metrics.json", "base/model/model.npz"]


def test_help_names_the_options(tmp_path: Path) -> None:
    ended = train(tmp_path, "--help")
    assert ended.exit_code == 0
    for option in ("--job-dir", "--arg", "--epochs", "--learning-rate", "--hidden-units"):
        assert option in ended.out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--bogus"], "unrecognized arguments: --bogus"),
        (["--epoch", "3"], "unrecognized arguments: --epoch 3"),
        (["--arg", "many"], "argument --arg: `many` is not a number"),
        (["--arg=-1"], "argument --arg: -1 is not a number from 0 on"),
        (["--epochs", "0"], "argument --epochs: 0 is not above 0"),
        (["--epochs", "1.5"], "argument --epochs: 1.5 is not a whole number"),
        (["--hidden-units", "inf"], "argument --hidden-units: inf is not a number from 0 on"),
        (["--learning-rate", "nan"], "argument --learning-rate: nan is not a number from 0 on"),
        (["--job-dir"], "argument --job-dir: expected one argument"),
    ],
)
def test_wrong_usage_says_what(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        arguments.parse(words)
    assert exit_.value.code == 2
    assert capsys.readouterr().err.splitlines()[-1] == f"python -m trainer.task: error: {message}"


def test_an_unknown_option_exits_with_2_and_writes_nothing(tmp_path: Path) -> None:
    ended = train(tmp_path, "--bogus")
    assert (ended.exit_code, ended.out) == (2, "")
    assert ended.err.startswith("usage: python -m trainer.task ")
    assert list(tmp_path.iterdir()) == []


def test_a_learning_rate_that_explodes_is_an_error(tmp_path: Path) -> None:
    ended = train(tmp_path, "--learning-rate", "1e25")
    assert_error(ended, "the loss is nan after step 1: lower --learning-rate (it is 1e+25)")


def test_a_job_dir_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ended = train(tmp_path, "--job-dir", "file")
    assert_error(ended, f"cannot list `{tmp_path}/file/checkpoints`: Not a directory")


def assert_error(ended: Ended, message: str) -> None:
    assert (ended.exit_code, ended.err) == (1, f"ERROR:trainer:{message}\n")
