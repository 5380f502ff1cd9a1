from __future__ import annotations

from submit import config
from tests.config.said import TODAY

GOOD = b"""\
[project]
name = "mine"

[tool.submit]
backend = "local"
region = "us-central1"
project = "my-project"
staging-bucket = "gs://bucket/stage"
config = "configs/gpu.yaml"
package-path = "trainer"
module-name = "trainer.task"
job-dir = "gs://bucket/out"
env = { LEVEL = "debug" }

[tool.submit.labels]
team = "vision"
"""


def said(text: bytes) -> list[str]:
    values, problems = config.project_defaults(text, "pyproject.toml")
    del values
    return [f"{problem} | {problem.hint}".removesuffix(" | ") for problem in problems]


def test_all_keys_are_read() -> None:
    values, problems = config.project_defaults(GOOD, "pyproject.toml")
    assert problems == ()
    assert values == {
        "backend": "local",
        "region": "us-central1",
        "project": "my-project",
        "staging-bucket": "gs://bucket/stage",
        "config": "configs/gpu.yaml",
        "package-path": "trainer",
        "module-name": "trainer.task",
        "job-dir": "gs://bucket/out",
        "env": {"LEVEL": "debug"},
        "labels": {"team": "vision"},
    }


def test_a_project_without_the_table_has_no_defaults() -> None:
    assert config.project_defaults(b'[project]\nname = "mine"\n', "pyproject.toml") == ({}, ())


def test_mistakes_are_told_with_their_lines() -> None:
    text = b"""\
[project]
region = "not ours"
[tool.submit]
regoin = "us-central1"
staging_bucket = "gs://bucket"
config = 3
staging-bucket = "bucket"
[tool.submit.labels]
team = true
"""
    key = "pyproject.toml:5: tool.submit.staging_bucket"
    assert said(text) == [
        "pyproject.toml:4: tool.submit.regoin: `regoin` is not a key of `tool.submit` | Did you mean `region`?",
        f"{key}: `staging_bucket` is not a key of `tool.submit` | Did you mean `staging-bucket`?",
        'pyproject.toml:6: tool.submit.config: `3` is a number; text is needed | Write "3", in quotes.',
        "pyproject.toml:7: tool.submit.staging-bucket: `bucket` is not a bucket like `gs://bucket/folder`",
        'pyproject.toml:9: tool.submit.labels.team: `true` is a boolean; text is needed | Write "true", in quotes.',
    ]


def test_what_is_not_toml_is_told() -> None:
    (line,) = said(b"[tool.submit\n")
    assert line.startswith("pyproject.toml:1:13: the file is not TOML: Expected ']' at the end of a table declaration")
    assert said(b"[tool]\nsubmit = 3\n") == ["pyproject.toml: tool.submit: is not a table"]
    assert said(b"a = '\xff'\n")[0].startswith("pyproject.toml: the file is not TOML: 'utf-8' codec")


def test_defaults_stand_behind_what_the_config_says() -> None:
    defaults, _ = config.project_defaults(GOOD, "pyproject.toml")
    text = b"trainingInput: {region: us-east1}\nlabels: {team: audio}\nsubmit: {env: {MODE: fast}}\n"
    loaded = config.load(text, "f.yaml", defaults=defaults, today=TODAY)
    assert loaded.config is not None
    assert loaded.config.labels == {"team": "audio"}
    assert loaded.config.env == {"LEVEL": "debug", "MODE": "fast"}
    assert loaded.config.job_dir == "gs://bucket/out"
    assert loaded.config.region == "us-east1"


def test_a_default_that_is_wrong_is_told_by_the_project_file() -> None:
    assert said(b'[tool.submit]\nlabels = { Team = "Vision" }\n') == []
    loaded = config.load(b"trainingInput: {}", "f.yaml", defaults={"labels": {"Team": "a"}}, today=TODAY)
    assert [problem.message for problem in loaded.problems] == ["`Team` cannot be the key of a label"]
