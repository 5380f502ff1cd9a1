"""`submit check --strict`: whether what would be sent for a config is what Vertex AI takes."""

from __future__ import annotations

from dataclasses import replace

from submit import assemble
from submit.assemble import JobFlags
from submit.backends import features, load
from submit.errors import Place, Problem, UsageError
from submit.job import Config, Package, Target
from submit.steps import Call, preview
from submit.target import Surroundings, TargetFlags, resolve
from submit.world import judge, surroundings

BACKEND = "vertex"
_PACKAGE = Package(filename="trainer-0.0.0.tar.gz", data=b"", digest="0" * 64, files=(), modules=("trainer.task",))
"""stands in for the code, which says nothing about the request"""


def problems(config: Config, file: str, around: Surroundings) -> tuple[Problem, ...]:
    """What the backend refuses, else what Google's own types say about every request that creates a job."""
    target = resolve(TargetFlags(backend=BACKEND), around, config, {})
    found = _problems(config, replace(target, project=target.project or "my-project"), around)
    return tuple(replace(problem, place=problem.place or Place(file=file)) for problem in found)


def _problems(config: Config, target: Target, around: Surroundings) -> tuple[Problem, ...]:
    backend = load(target.backend)
    try:
        spec = assemble.assemble(
            config,
            (_PACKAGE,) if assemble.needs_package(config) else (),
            target,
            JobFlags(),
            module=None,
            cwd=around.cwd,
            now=surroundings.now(),
            token="0" * 32,
        )
        refused = features.refusals(spec, backend, target.backend)
        steps, _ = preview(backend.submit(spec, target))
    except UsageError as error:
        return error.problems
    judged = (judge.problem(step) for step in steps if isinstance(step, Call))
    return (*refused, *(problem for problem in judged if problem is not None))
