from __future__ import annotations

import json
import re
from pathlib import Path

from tests.trainer.runs import train

FIVE_STEPS = ("--batch-size", "300", "--checkpoint-every", "2")


def test_a_trial_reports_as_cloudml_hypertune_does(tmp_path: Path) -> None:
    metrics = tmp_path / "hypertune/output.metrics"
    env = {"CLOUD_ML_TRIAL_ID": "7", "CLOUD_ML_HP_METRIC_FILE": str(metrics), "CLOUD_ML_HP_METRIC_TAG": "score"}
    ended = train(tmp_path, "--job-dir", "job", "--epochs", "2", *FIVE_STEPS, env=env)

    (checkpoint,) = (tmp_path / "job/checkpoints").iterdir()
    accuracies = re.findall(r"epoch \d+ loss=\S+ accuracy=(\S+)", ended.out)
    lines = metrics.read_text().splitlines(keepends=True)
    assert len(lines) == 2
    for line, path, step, accuracy in zip(lines, ("", str(checkpoint)), ("5", "10"), accuracies, strict=True):
        entry = json.loads(line)
        assert line == json.dumps(entry, sort_keys=True) + "\n"
        assert isinstance(entry.pop("timestamp"), float)
        score = entry.pop("score")
        assert isinstance(score, str)
        assert f"{float(score):.4f}" == accuracy
        assert entry == {"trial": "7", "global_step": step, "checkpoint_path": path}


def test_the_file_holds_the_last_hundred_reports_and_the_tag_is_accuracy_by_default(tmp_path: Path) -> None:
    env = {"CLOUD_ML_TRIAL_ID": "1", "CLOUD_ML_HP_METRIC_FILE": str(tmp_path / "metrics")}
    assert train(tmp_path, "--batch-size", "1437", "--epochs", "103", env=env).exit_code == 0
    entries = [json.loads(line) for line in (tmp_path / "metrics").read_text().splitlines()]
    assert [entry["global_step"] for entry in entries] == [str(step) for step in range(4, 104)]
    assert all("accuracy" in entry for entry in entries)


def test_outside_of_a_trial_nothing_is_reported(tmp_path: Path) -> None:
    env = {"CLOUD_ML_HP_METRIC_FILE": str(tmp_path / "metrics")}
    assert train(tmp_path, "--epochs", "1", env=env).exit_code == 0
    assert not (tmp_path / "metrics").exists()
