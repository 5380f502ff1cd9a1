"""Config, package, target and the words of the command line become one immutable job."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import PurePath, PurePosixPath
from typing import NamedTuple

from submit import catalogue, limits
from submit.backends import Feature, load
from submit.errors import Problem, UsageError
from submit.job import (
    Config,
    Container,
    JobSpec,
    Package,
    Parameter,
    ParameterKind,
    Pool,
    Program,
    PythonModule,
    Scheduling,
    Strategy,
    Study,
    Target,
)
from submit.target import said


class JobFlags(NamedTuple):
    """What the command line says about the job itself; it wins over the config.

    `env` names the variables that it sets; their values are in the config, for they are checked there.
    """

    args: tuple[str, ...] | None = None
    module: str | None = None
    name: str | None = None
    submission_id: str | None = None
    env: frozenset[str] = frozenset()


def assemble(
    config: Config,
    packages: Sequence[Package],
    target: Target,
    flags: JobFlags,
    *,
    module: str | None,
    cwd: PurePath,
    now: datetime,
    token: str,
) -> JobSpec:
    """The job, with every pool's module and arguments filled in; a `UsageError` if no module can be found.

    `module` is the project's own choice, for when neither the command line nor the config names one. `token` is
    random, at least 32 characters long, and makes the job's id and default name unique.
    """
    options = config.options.get(target.backend, {})
    today = [_today(pool, config.study) for pool in config.pools]
    module = config.module or module or default_module(packages)
    pools = tuple(_filled(pool, config, flags, module) for pool in config.pools)
    pools, job_dir = (pools, config.job_dir) if config.job_dir else job_dir_of(pools)
    hourly = hourly_price(today, target.region or "", spot=config.scheduling.strategy is Strategy.SPOT)
    name = _checked_name(flags.name) if flags.name else default_name(_stem(config, packages), now, token[:8])
    return JobSpec(
        name=name,
        submission_id=flags.submission_id or token,
        display_name=flags.name or config.display_name or name,
        pools=pools,
        scale_tier=config.scale_tier,
        packages=tuple(packages),
        job_dir=_folder(job_dir, cwd, there=bool(said(target.backend, "host", target, options))),
        base_output_dir=config.base_output_dir,
        labels=config.labels,
        env=config.env,
        study=config.study,
        scheduling=_scheduling(config, target, hourly),
        retry=config.retry,
        fallbacks=config.fallbacks,
        runtime_version=config.runtime_version,
        python_version=config.python_version,
        network=config.network,
        service_account=config.service_account,
        kms_key=config.kms_key,
        web_access=config.web_access,
        use_chief_in_tf_config=config.use_chief_in_tf_config,
        persistent_resource=config.persistent_resource,
        options=options,
        extras=config.extras,
        places=config.places,
        hourly_usd=hourly,
        priced_as=machines(today),
        today=now.date(),
    )


def job_dir_of(pools: tuple[Pool, ...]) -> tuple[tuple[Pool, ...], str | None]:
    """A `--job-dir` among the arguments, as converted configs have it, is the job's; the pools are then without it.

    Left there it would lose against the one that every job gets behind its arguments.
    """
    split = [_without_job_dir(pool.program.args or ()) for pool in pools]
    found = {folder for _, folder in split if folder}
    if len(found) != 1:
        return pools, None
    bare = (replace(p, program=replace(p.program, args=args)) for p, (args, _) in zip(pools, split, strict=True))
    return tuple(bare), found.pop()


def _without_job_dir(args: tuple[str, ...]) -> tuple[tuple[str, ...], str | None]:
    for index, word in enumerate(args):
        name, sign, value = word.partition("=")
        if name == "--job-dir" and (sign or index + 1 < len(args)):
            after = index + (1 if sign else 2)
            return args[:index] + args[after:], value if sign else args[index + 1]
    return args, None


def needs_package(config: Config) -> bool:
    """Whether code has to travel: not if every pool runs an image of its own, or packages that are staged already."""
    programs = [pool.program for pool in config.pools]
    return any(isinstance(p, PythonModule) and not (p.package_uris or config.package_uris) for p in programs)


def trial_args(study: Study | None) -> tuple[str, ...]:
    """What a trial gets besides the job's own arguments, with one possible value for each hyperparameter."""
    parameters = study.parameters if study else ()
    return tuple(text for parameter in parameters for text in (f"--{parameter.name}", _possible(parameter)))


def _possible(parameter: Parameter) -> str:
    value = parameter.values[0] if parameter.values else parameter.minimum
    return str(int(value)) if parameter.kind is ParameterKind.INTEGER and value is not None else str(value)


def default_name(package: str, now: datetime, token: str) -> str:
    """Package and UTC time; letters, digits and underscores, as ML Engine wants its job ids."""
    stem = re.sub(r"[^A-Za-z0-9_]", "_", package) or "job"
    stem = stem if stem[0].isalpha() else f"job_{stem}"
    return f"{stem}_{now:%Y%m%d_%H%M%S}_{token}"


def default_module(packages: Sequence[Package]) -> str | None:
    """`<package>.task`, the name that Google's samples use, or the package itself if `python -m` can run it."""
    modules = [module for package in packages for module in package.modules]
    tops = dict.fromkeys(module.partition(".")[0] for module in modules)
    candidates = [f"{top}.task" for top in tops] + list(tops)
    runnable = [c for c in candidates if (f"{c}.__main__" if c in tops else c) in modules]
    return runnable[0] if runnable else None


def _today(pool: Pool, study: Study | None) -> Pool:
    """What Vertex AI charges for: machines of today, those of all trials that run at once."""
    trials = min(study.parallel_trials, study.max_trials) if study else 1
    machine = catalogue.replacement_for(pool.machine) or pool.machine
    return replace(pool, machine=machine, replicas=pool.replicas * max(1, trials))


def hourly_price(pools: Sequence[Pool], region: str, *, spot: bool) -> float | None:
    """List price of all replicas on Vertex AI in USD per hour; None if one is not known."""
    prices = []
    for pool in pools:
        price = catalogue.hourly_price(pool.machine, region, spot=spot)
        prices.append(None if price is None else price * pool.replicas)
    known = [price for price in prices if price is not None]
    return round(sum(known), 4) if known and len(known) == len(prices) else None


def machines(pools: Sequence[Pool]) -> str:
    """`1 × n1-standard-8 + 1 NVIDIA_TESLA_T4, 2 × n1-standard-4`."""
    return ", ".join(f"{pool.replicas} × {pool.machine}" for pool in pools if pool.replicas)


def _checked_name(name: str) -> str:
    if re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,127}", name):
        return name
    raise UsageError(
        f"`{name}` cannot be the name of a job",
        hint="A name starts with a letter and has letters, digits, `_` and `-`, 128 at most.",
    )


def _stem(config: Config, packages: Sequence[Package]) -> str:
    return config.display_name or (packages[0].filename.rpartition("-")[0] if packages else "job")


def _scheduling(config: Config, target: Target, hourly: float | None) -> Scheduling:
    """With the end that a limit of costs means, where there are prices."""
    if load(target.backend).capabilities.get(Feature.MAX_COST) is not None:
        return config.scheduling
    return limits.within_cost(config.scheduling, hourly, config.study, fallbacks=bool(config.fallbacks))


def _folder(text: str | None, cwd: PurePath, *, there: bool) -> str | None:
    """A folder of this machine as an absolute path, or a place in a bucket as it is. On a cluster that is reached over
    ssh (`there`) it is one below the home folder there, as scp and rsync have it."""
    if not text or text.startswith("gs://"):
        return text or None
    if there:
        return str(PurePosixPath("~") / text.removeprefix("~/"))
    return str(cwd / text)


def _filled(pool: Pool, config: Config, flags: JobFlags, module: str | None) -> Pool:
    """The variables of a pool are stronger than those of the job, but not than those of the command line."""
    env = {name: value for name, value in pool.env.items() if name not in flags.env}
    return replace(pool, program=_program(pool.program, config, flags, module), env=env)


def _program(program: Program, config: Config, flags: JobFlags, module: str | None) -> Program:
    given = (flags.args, program.args, config.args)
    args = next((args for args in given if args is not None), ())
    match program:
        case Container():
            return replace(program, args=args)
        case PythonModule():
            chosen = flags.module or program.module or module
            if chosen is None:
                raise UsageError(
                    Problem(
                        message="the module to run is not known",
                        hint="Name it with `--module-name`, e.g. `--module-name trainer.task`.",
                    )
                )
            uris = program.package_uris or config.package_uris
            return replace(program, module=chosen, args=args, package_uris=uris)
