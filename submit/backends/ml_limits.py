"""What ML Engine cannot do of what a config says; found before anything is sent."""

from __future__ import annotations

import re
from collections.abc import Iterator

from submit import catalogue
from submit.backends import ml_study, staging
from submit.backends.ml_job import LAST_RUNTIME, is_tpu, runtime_of
from submit.errors import Problem, UsageError
from submit.job import Container, JobSpec, Pool, PythonModule

_JOB_ID = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,127}")


def check(spec: JobSpec) -> None:
    """A `UsageError` names everything that ML Engine cannot do as the config says."""
    problems = [*_unsupported(spec)]
    if problems:
        raise UsageError(list(dict.fromkeys(problems)))


def _unsupported(spec: JobSpec) -> Iterator[Problem]:
    if not _JOB_ID.fullmatch(spec.name):
        hint = "It starts with a letter and has letters, digits and `_`, 128 at most."
        yield Problem(message=f"`{spec.name}` cannot be the name of a job of ML Engine", hint=hint)
    yield from staging.out_of_reach(spec, "ML Engine")
    if spec.base_output_dir and spec.job_dir and spec.base_output_dir != spec.job_dir:
        words = f"the job dir `{spec.job_dir}` and the base output dir `{spec.base_output_dir}`"
        yield Problem(message=f"ML Engine has one folder for a job's output, not {words}", hint="Keep one of them.")
    for pool in spec.pools:
        yield from _machine(pool)
    yield from _programs(spec)
    if spec.study:
        yield from ml_study.unsupported(spec.study)


def _machine(pool: Pool) -> Iterator[Problem]:
    machine = pool.machine
    if machine.tpu_topology or ((machine.accelerator_type or "").startswith("TPU") and not is_tpu(machine)):
        yield Problem(message=f"ML Engine has no `{machine.machine_type}`; its TPUs are `cloud_tpu`")
    elif machine.accelerator_type and machine.accelerator_type not in catalogue.ml_engine_accelerators():
        known = ", ".join(f"`{name}`" for name in catalogue.ml_engine_accelerators())
        yield Problem(message=f"ML Engine has no `{machine.accelerator_type}`", hint=f"It knows {known}.")


def _programs(spec: JobSpec) -> Iterator[Problem]:
    """There is one module, one list of arguments and one runtime for all roles."""
    programs = [pool.program for pool in spec.pools]
    modules = [program for program in programs if isinstance(program, PythonModule)]
    if modules and any(isinstance(program, Container) for program in programs):
        yield Problem(message="ML Engine runs either a Python package or images, not both in one job")
    if len({(program.module, program.args, program.package_uris) for program in modules}) > 1:
        yield Problem(message="on ML Engine all roles run the same module with the same arguments")
    runtimes = {program.image: runtime_of(program, spec) for program in modules}
    for image, (runtime, _) in runtimes.items():
        if runtime is None:
            hint = f"Name a `runtimeVersion` up to {LAST_RUNTIME}, or run an image of your own in a `containerSpec`."
            yield Problem(message=f"ML Engine cannot run a Python package in `{image}`", hint=hint)
    if len(set(runtimes.values()) - {(None, None)}) > 1:
        yield Problem(message="on ML Engine all roles have the same runtime version")
