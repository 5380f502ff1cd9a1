"""Whether a packaged trainer can be run with its arguments, as far as that can be tried on this machine.

The trainer's entry point runs in a child process, from the packaged files and never from the user's tree, until its
argument parser has had its say (`child.py`); what that means for the user is judged in `verdict.py`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from submit.errors import Problem
from submit.job import Package
from submit.package.built import Built
from submit.package.made import json_of, problem_of
from submit.package.metadata import installed_files
from submit.preflight import entry_point
from submit.world import cache as entries
from submit.world import tools

_FORMAT = "2"  # part of every key: another number makes all results in the cache out of date


def check(
    built: Built,
    module: str,
    args: Sequence[str],
    *,
    job_dir: str | None,
    cache: Path | None,
    timeout_s: float = 30,
) -> tuple[Problem, ...]:
    """Errors and warnings about running `python -m module args --job-dir job_dir`; raises none of them.

    `job_dir=None`: the job will not be given one. A result that does not depend on chance is kept in `cache`.
    """
    packages = (built.wheel or built.package, *built.extra)
    missing = entry_point.missing(module, [name for package in packages for name in package.modules])
    if missing:
        return (missing,)
    key = _key(packages, module, args, job_dir)
    known = entries.load(cache, key) if cache else None
    if known is not None:
        return tuple(problem_of(values) for values in json.loads(known))
    problems, lasting = _try(packages, module, args, job_dir, timeout_s)
    if cache and lasting:
        entries.save(cache, key, json.dumps([json_of(problem) for problem in problems]).encode())
    return problems


def _try(
    packages: Sequence[Package], module: str, args: Sequence[str], job_dir: str | None, timeout_s: float
) -> tuple[tuple[Problem, ...], bool]:
    """What is to be said, and whether the next trial would say the same."""
    from submit.preflight import verdict  # neither is needed for a trial that is known
    from submit.world import trial

    sites = [installed_files(package) for package in packages]
    argv = [*args, *(("--job-dir", job_dir) if job_dir else ())]
    run = entry_point.parses_arguments(module, sites)
    report = trial.run(sites, module, argv, run=run, timeout_s=timeout_s)
    tried = verdict.Tried(
        module=module,
        tops=frozenset(name.partition(".")[0] for package in packages for name in package.modules),
        requirements=tuple(requirement for package in packages for requirement in package.requirements),
        args=tuple(args),
        timeout_s=timeout_s,
    )
    if run and verdict.lacks_a_requirement(report, tried):
        # The job will have it, this machine has not: a parser rarely needs it.
        again = trial.run(sites, module, argv, run=run, timeout_s=timeout_s, own=sorted(tried.tops))
        report = again if verdict.holds_without_requirements(again) else report
    return verdict.judge(report, tried), report["verdict"] != verdict.TIMEOUT


def _key(packages: Sequence[Package], module: str, args: Sequence[str], job_dir: str | None) -> str:
    """The job dir is another one for each job; that there is one is what counts."""
    digests = [package.digest for package in packages]
    facts = [_FORMAT, digests, module, list(args), bool(job_dir), tools.interpreter()]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()
