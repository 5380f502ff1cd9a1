"""The record of a submission: code, config, arguments, tool; what is secret in it is left out. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple, cast

from submit import __version__, redact
from submit.errors import Problem, UsageError
from submit.job import JobSpec, JsonObject, Package, Pool, Target
from submit.provenance.codec import decode, encode

DIFF_LIMIT = 256 << 10
"""bytes of uncommitted changes that are kept"""
VERSION = 1


class Git(NamedTuple):
    """The working tree that a package came from. `changes`: its uncommitted ones, as `git diff HEAD` writes them."""

    commit: str
    branch: str
    changed: tuple[str, ...] = ()
    changes: str = ""


def record(spec: JobSpec, target: Target, git: Git | None, python: str) -> JsonObject:
    return {
        "version": VERSION,
        "tool": f"jobdir {__version__}",
        "python": python,
        "git": _git(git) if git else None,
        "packages": [_package(package) for package in spec.packages],
        "target": encode(replace(target, state_dir="", bucket_root="")),
        "job": encode(_without_secrets(replace(spec, packages=(), places={}))),
    }


def _git(git: Git) -> JsonObject:
    changes = redact.text(git.changes)
    return {
        "commit": git.commit,
        "branch": git.branch,
        "dirty": bool(git.changed),
        "changed": list(git.changed),
        "diff": changes[:DIFF_LIMIT],
        "diff_is_whole": len(changes) <= DIFF_LIMIT,
    }


def git_of(known: JsonObject) -> Git:
    return Git(
        commit=str(known["commit"]),
        branch=str(known["branch"]),
        changed=tuple(cast("list[str]", known["changed"])),
        changes=str(known["diff"]),
    )


def _package(package: Package) -> JsonObject:
    return cast(JsonObject, encode(replace(package, data=b""))) | {"data": None}


def _without_secrets(spec: JobSpec) -> JobSpec:
    return replace(spec, env=redact.variables(spec.env), pools=tuple(map(_pool_without_secrets, spec.pools)))


def _pool_without_secrets(pool: Pool) -> Pool:
    args = pool.program.args
    kept = None if args is None else tuple(redact.arguments(args))
    return replace(pool, env=redact.variables(pool.env), program=replace(pool.program, args=kept))


def target_of(known: JsonObject, here: Target) -> Target:
    """Where the job went, with the folders of today."""
    then: Target = decode(Target, known["target"])
    return replace(then, state_dir=here.state_dir, bucket_root=here.bucket_root)


def packages_of(known: JsonObject) -> tuple[Package, ...]:
    """Without their bytes."""
    records = cast("list[JsonObject]", known["packages"])
    return tuple(decode(Package, {**package, "data": b""}) for package in records)


def spec_of(known: JsonObject, env: dict[str, str]) -> JobSpec:
    """The job again, without its packages; `env` gives what was not kept. A `UsageError` names all that is missing."""
    spec: JobSpec = decode(JobSpec, known["job"])
    pools = tuple(replace(pool, env=_given(pool.env, env)) for pool in spec.pools)
    spec = replace(spec, env={**_given(spec.env, env), **env}, pools=pools)
    if missing := [*_missing(spec)]:
        raise UsageError(missing)
    return spec


def _given(kept: Mapping[str, str], env: dict[str, str]) -> dict[str, str]:
    return {name: env.get(name, value) for name, value in kept.items()}


def _missing(spec: JobSpec) -> list[Problem]:
    names = dict.fromkeys(
        name for env in (spec.env, *(p.env for p in spec.pools)) for name, v in env.items() if redact.GONE in v
    )
    problems = [
        Problem(
            message=f"the value of `{name}` was not kept, for it is a secret",
            hint="Give it again, like `--env NAME=value`; or keep a reference to it in the config: `env:NAME`.",
        )
        for name in names
    ]
    if any(redact.GONE in arg for pool in spec.pools for arg in pool.program.args or ()):
        hint = "Submit it anew with `submit train`, and pass secrets as environment variables."
        problems.append(Problem(message="an argument of the trainer was not kept, for it is a secret", hint=hint))
    return problems
