"""`docs/emulator.md` says what is true."""

from __future__ import annotations

import re

import yaml

from submit.emulator.capacity.settings import Settings
from submit.emulator.control.faults import WORDS
from tests.project import REPOSITORY

PAGE = (REPOSITORY / "docs" / "emulator.md").read_text()


def test_every_answer_is_explained() -> None:
    explained = re.findall(r"^\| `([a-z-]+)` \| (?:nothing|it) is done", PAGE, re.MULTILINE)
    assert sorted(explained) == sorted(WORDS)


def test_the_file_that_it_shows_is_a_capacity() -> None:
    (block,) = re.findall(r"^    quotas:\n(?:    .*\n)+", PAGE, re.MULTILINE)
    settings = Settings().changed(yaml.safe_load(block))
    assert settings.quota("us-central1", "custom_model_training_nvidia_t4_gpus") == 4
    assert settings.quota("us-east1", "custom_model_training_tpu_v3") == 8
    assert settings.stock_out("us-central1", "NVIDIA_H100_80GB") == "fail"
