"""The jobs of `configs/`, as a backend gets them, and what it would send for them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from submit import assemble, config
from submit.assemble import JobFlags
from submit.backends import Backend, features
from submit.cli.dry_run import step_json
from submit.errors import UsageError
from submit.job import JobSpec, Json, Package, Target
from submit.steps import Step, preview
from tests.project import REPOSITORY

NOW = datetime(2026, 11, 21, 5, 30, tzinfo=UTC)
CONFIGS = sorted(path.stem for path in (REPOSITORY / "configs").glob("*.yaml"))
GOLDEN = Path(__file__).parent / "golden"
PACKAGE = Package(filename="trainer-0.1.0.tar.gz", data=b"archive", digest="d1", files=(), modules=("trainer.task",))
TARGET = Target(
    backend="vertex",
    state_dir="/state",
    bucket_root="/state/buckets",
    project="my-project",
    region="us-central1",
    staging_bucket="gs://stage/folder/",
)


def example(name: str) -> JobSpec:
    path = REPOSITORY / "configs" / f"{name}.yaml"
    loaded = config.load(path.read_bytes(), path.name, overrides=(), defaults={}, today=NOW.date())
    assert loaded.config is not None, loaded.problems
    packages = (PACKAGE,) if assemble.needs_package(loaded.config) else ()
    spec = assemble.assemble(
        loaded.config,
        packages,
        TARGET,
        JobFlags(args=("--arg=42",), name="first"),
        module=None,
        cwd=PurePosixPath("/"),
        now=NOW,
        token="0123456789abcdef" * 2,
    )
    return replace(spec, places={})


def steps_of(backend: Backend, spec: JobSpec, target: Target = TARGET) -> list[Step]:
    return preview(backend.submit(spec, target))[0]


def shown(steps: list[Step]) -> list[Json]:
    """As `--dry-run --format json` shows them."""
    return [step_json(step) for step in steps]


def refused(backend: Backend, name: str, spec: JobSpec) -> list[str]:
    """Everything that a backend says against a job."""
    problems = [*features.refusals(spec, backend, name)]
    try:
        preview(backend.submit(spec, TARGET))
    except UsageError as error:
        problems += error.problems
    return [problem.message for problem in problems]


def golden(folder: str, name: str) -> Json:
    found: Json = json.loads((GOLDEN / folder / f"{name}.json").read_text())
    return found
