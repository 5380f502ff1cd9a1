"""What is said about a config, as the command line would show it, without the file's name."""

from __future__ import annotations

from datetime import date
from textwrap import dedent

from submit import config
from submit.config import Loaded
from submit.job import Config

TODAY = date(2026, 11, 21)


def load(text: str, *overrides: str) -> Loaded:
    return config.load(dedent(text).encode(), "f.yaml", overrides=overrides, today=TODAY)


def meant(text: str, *overrides: str) -> Config:
    """The config, which must be without an error."""
    loaded = load(text, *overrides)
    assert loaded.config is not None, loaded.problems
    return loaded.config


def said(text: str | bytes, *overrides: str) -> list[str]:
    """Every problem as `line:column: path: message | hint`."""
    raw = text if isinstance(text, bytes) else dedent(text).encode()
    loaded = config.load(raw, "f.yaml", overrides=overrides, today=TODAY)
    return [
        f"{str(problem).removeprefix('f.yaml:')} | {problem.hint}".removesuffix(" | ") for problem in loaded.problems
    ]


def errors(text: str, *overrides: str) -> list[str]:
    """The messages of the errors alone, with their paths."""
    problems = load(text, *overrides).problems
    return [f"{problem.path}: {problem.message}" for problem in problems if problem.severity == "error"]


def warnings(text: str) -> list[str]:
    problems = load(text).problems
    return [f"{problem.path}: {problem.message}" for problem in problems if problem.severity == "warning"]
