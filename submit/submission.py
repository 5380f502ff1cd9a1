"""From what the user asked for to a job that was created: load, package, check, assemble, submit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from submit import assemble, catalogue, config, package, preflight, project_file, redact
from submit.assemble import JobFlags
from submit.backends import Backend, creation, features, load
from submit.errors import Place, Problem, UsageError, raise_errors
from submit.intents.intent import Intent
from submit.job import Config, Handle, JobSpec, Json, PythonModule, Status, Target
from submit.package import Built
from submit.provenance.record import Git
from submit.steps import Conversation, Step, preview
from submit.target import Surroundings, TargetFlags, endpoints, resolve
from submit.world import files, surroundings

DEFAULT_PACKAGE = "trainer"

Notify = Callable[[str], None]


class Request(NamedTuple):
    """A submission as the user words it; every field has its flag on the command line.

    `overrides` are those of `--set`. `keys` are the flags that stand for a key of the config: `key=value`, as `--set`
    would take it, to the flag as it was written.
    """

    config: Path | None = None
    overrides: Sequence[str] = ()
    keys: Mapping[str, str] = MappingProxyType({})
    package_path: Path | None = None
    packages: Sequence[Path] = ()
    job: JobFlags = JobFlags()
    target: TargetFlags = TargetFlags()
    allow_secrets: bool = False
    max_package_bytes: int | None = None
    preflight: bool = True
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A job that is ready to go: nothing has left the machine yet.

    `warnings` and `notes` (what the backend does without) are for the user to read. `git` is the working tree.
    """

    spec: JobSpec
    target: Target
    backend: Backend
    warnings: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    git: Git | None = None

    def conversation(self) -> Conversation[Handle]:
        return self.backend.submit(self.spec, self.target)

    def steps(self) -> tuple[list[Step], Handle]:
        """Exactly what a submission would do, in its order, and the handle that it would give."""
        return preview(self.conversation())

    def elsewhere(self, status: Status) -> Prepared | None:
        """The job once more, from the next fallback on, if it has found no machines where it was."""
        number = creation.next_plan(self.spec, status)
        if number is None:
            return None
        name = f"{self.spec.name}_{number}"
        return replace(
            self, spec=replace(self.spec, first_plan=number, name=name, submission_id=surroundings.token(32))
        )

    def intent(self, around: Surroundings) -> Intent:
        return Intent(
            submission_id=self.spec.submission_id,
            backend=self.target.backend,
            name=self.spec.display_name,
            target=self.target,
            began=surroundings.moment(),
            endpoints=endpoints(around.environ),
        )


def prepare(request: Request, around: Surroundings, notify: Notify = lambda _: None) -> Prepared:
    """Raises a `UsageError` with every problem that was found before anything was sent."""
    defaults, problems = project_file.defaults(around.cwd)
    loaded = _load(request, defaults)
    problems += loaded.problems
    raise_errors(problems)
    assert loaded.config is not None, "a config without errors has a value"
    target = resolve(request.target, around, loaded.config, defaults)
    problems += _region(target.region)
    backend = load(target.backend)
    built = _build(request, around, loaded.config, defaults, notify)
    problems += built.problems if built else ()
    spec = _assemble(request, loaded.config, built, target, defaults, around.cwd)
    problems += (*features.refusals(spec, backend, target.backend), *_plain_secrets(spec))
    raise_errors(problems)
    if built and request.preflight:
        problems += _missing(spec, built) if request.dry_run else _preflight(spec, built, around, notify)
        raise_errors(problems)
    return Prepared(
        spec=spec,
        target=target,
        backend=backend,
        warnings=tuple(problems),
        notes=features.notes(spec, backend),
    )


def _load(request: Request, defaults: Mapping[str, Json]) -> config.Loaded:
    today = surroundings.now().date()
    path = request.config or _default_path(defaults, "config")
    overrides = (*request.keys, *request.overrides)
    if path is None:
        loaded = config.empty(overrides=overrides, defaults=defaults, today=today)
    else:
        text = files.read(path, limit=config.READ_LIMIT)
        loaded = config.load(text, str(path), overrides=overrides, defaults=defaults, today=today)
    return loaded._replace(problems=tuple(_as_written(problem, request.keys) for problem in loaded.problems))


def _plain_secrets(spec: JobSpec) -> tuple[Problem, ...]:
    """They stand in the request, for all to read who may see the job; and often in a config that others see."""
    environments = (spec.env, *(pool.env for pool in spec.pools))
    names = dict.fromkeys(n for env in environments for n, v in env.items() if redact.variable(n, v) != v)
    hint = "Refer to a variable of yours on this machine (`env:NAME`), or let the trainer fetch it where it runs."
    texts = (f"the value of `{name}` looks like a secret, and stands in the job" for name in names)
    return tuple(Problem(message=text, hint=hint, severity="warning") for text in texts)


def _region(name: str | None) -> tuple[Problem, ...]:
    """That of a flag or a config was looked at already."""
    if name is None or name in catalogue.regions():
        return ()
    hint = "It comes from CLOUDSDK_AI_REGION, CLOUDSDK_COMPUTE_REGION, `[tool.submit]` or the settings of `gcloud`."
    return (Problem(message=f"`{name}` is not a region of Vertex AI", hint=hint),)


def _as_written(problem: Problem, keys: Mapping[str, str]) -> Problem:
    """A problem of a flag is shown with that flag, not with the key that it stands for."""
    place = problem.place.file if problem.place else ""
    flag = keys.get(place.removeprefix("--set "))
    return replace(problem, place=Place(file=flag), path="") if flag else problem


def _build(
    request: Request, around: Surroundings, job: Config, defaults: Mapping[str, Json], notify: Notify
) -> Built | None:
    if not assemble.needs_package(job) and not request.package_path:
        return None
    path = request.package_path or _default_path(defaults, "package-path")
    return package.build(
        around.cwd / path if path else _trainer(around.cwd),
        packages=[around.cwd / extra for extra in request.packages],
        cache=around.cache_dir / "archives",
        keep=not request.dry_run,
        allow_secrets=request.allow_secrets,
        max_bytes=request.max_package_bytes or package.MAX_BYTES,
        notify=notify,
    )


def _trainer(cwd: Path) -> Path:
    """The package of the default name, or an error which shows the way to whoever stands elsewhere."""
    if files.is_folder(cwd / DEFAULT_PACKAGE):
        return cwd / DEFAULT_PACKAGE
    import shlex

    others = files.packages(cwd)
    example = "." if files.is_package(cwd) else others[0] if others else "my_trainer"
    raise UsageError(
        f"there is no folder `{DEFAULT_PACKAGE}` in `{cwd}`",
        hint="A job needs a Python package: go to the folder that has it, or name it, like "
        f"`--package-path {shlex.quote(example)}`.",
    )


def _assemble(
    request: Request, job: Config, built: Built | None, target: Target, defaults: Mapping[str, Json], cwd: Path
) -> JobSpec:
    module = defaults.get("module-name")
    return assemble.assemble(
        job,
        (built.package, *built.extra) if built else (),
        target,
        request.job,
        module=module if isinstance(module, str) else None,
        cwd=cwd,
        now=surroundings.now(),
        token=surroundings.token(32),
    )


def _missing(spec: JobSpec, built: Built) -> tuple[Problem, ...]:
    """What preflight finds without running anything: modules that the archive does not have."""
    from submit.preflight import entry_point

    packages = (built.wheel or built.package, *built.extra)
    there = [name for package in packages for name in package.modules]
    modules = dict.fromkeys(p.module or "" for pool in spec.pools if isinstance(p := pool.program, PythonModule))
    return tuple(problem for module in modules if (problem := entry_point.missing(module, there)))


def _preflight(spec: JobSpec, built: Built, around: Surroundings, notify: Notify) -> tuple[Problem, ...]:
    """Each module with its arguments once, however many pools run it."""
    programs = {(p.module, p.args) for pool in spec.pools if isinstance(p := pool.program, PythonModule)}
    problems: tuple[Problem, ...] = ()
    for module, args in sorted(programs, key=str):
        notify(f"checking that `{module}` takes its arguments")
        problems += preflight.check(
            built,
            module or "",
            (*(args or ()), *assemble.trial_args(spec.study)),
            job_dir=spec.job_dir or "output",
            cache=around.cache_dir / "preflight",
        )
    return tuple(dict.fromkeys(problems))


def _default_path(defaults: Mapping[str, Json], key: str) -> Path | None:
    value = defaults.get(key)
    return Path(value) if isinstance(value, str) else None
