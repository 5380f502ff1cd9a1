"""The files in configs/: one per situation, all of them right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from submit import config
from tests.config.said import TODAY

CONFIGS = Path(__file__).parents[2] / "configs"
SITUATIONS = (
    "container",
    "cpu",
    "distributed",
    "gpu",
    "gridengine",
    "multi_gpu",
    "slurm",
    "spot",
    "tpu",
    "tuning",
    "vertex",
)


def test_there_is_one_for_every_situation() -> None:
    assert tuple(path.stem for path in sorted(CONFIGS.glob("*.yaml"))) == SITUATIONS


@pytest.mark.parametrize("name", SITUATIONS)
def test_it_has_no_error_and_says_how_it_is_used(name: str) -> None:
    text = (CONFIGS / f"{name}.yaml").read_bytes()
    loaded = config.load(text, f"configs/{name}.yaml", today=TODAY)
    assert [problem for problem in loaded.problems if problem.severity == "error"] == []
    assert f"#     submit train --config configs/{name}.yaml".encode() in text


@pytest.mark.parametrize("name", ["gridengine", "slurm"])
def test_those_of_clusters_leave_the_place_to_who_names_it_for_all_jobs(name: str) -> None:
    """What they could say is right as well."""
    text = (CONFIGS / f"{name}.yaml").read_text()
    said, more = (config.load(each.encode(), "f.yaml", today=TODAY) for each in (text, _with_what_it_could_say(text)))
    assert [problem for problem in more.problems if problem.severity == "error"] == []
    assert said.config is not None
    assert more.config is not None
    assert "folder" not in said.config.options.get(name, {})
    assert more.config.options[name]["folder"] == "~/.jobdir"


def _with_what_it_could_say(text: str) -> str:
    return re.sub(r"^  # (?=\w+:|  )", "  ", text, flags=re.MULTILINE)


def test_the_distributed_one_has_a_chief_two_workers_and_a_parameter_server() -> None:
    loaded = config.load((CONFIGS / "distributed.yaml").read_bytes(), "f.yaml", today=TODAY)
    assert loaded.config is not None
    assert [(pool.role.value, pool.replicas) for pool in loaded.config.pools] == [
        ("chief", 1),
        ("worker", 2),
        ("ps", 1),
    ]


def test_the_parameters_of_the_tuned_one_are_options_of_the_sample_trainer() -> None:
    from trainer.arguments import build_parser

    loaded = config.load((CONFIGS / "tuning.yaml").read_bytes(), "f.yaml", today=TODAY)
    assert loaded.config is not None
    assert loaded.config.study is not None
    usage = build_parser().format_help()
    assert all(f"--{parameter.name} " in usage for parameter in loaded.config.study.parameters)
