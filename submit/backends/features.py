"""What a job asks for, and what its backend says to that."""

from __future__ import annotations

from collections.abc import Iterator

from submit import redact
from submit.backends import Backend, Feature, Refused, StandsIn
from submit.errors import Problem
from submit.job import Container, JobSpec, Pool, PythonModule, Strategy, Study


def refusals(spec: JobSpec, backend: Backend, name: str) -> tuple[Problem, ...]:
    """An error for each thing that the job asks for and the backend cannot give."""
    answers = ((feature, backend.capabilities.get(feature)) for feature in dict.fromkeys(used(spec)))
    refused = [
        Problem(message=f"the `{name}` backend has no {feature}: {answer.reason}")
        for feature, answer in answers
        if isinstance(answer, Refused)
    ]
    return (*refused, *_extras(spec, name, backend))


def notes(spec: JobSpec, backend: Backend) -> tuple[str, ...]:
    """What the backend does without, or otherwise than the config says; for the user to know."""
    answers = (backend.capabilities.get(feature) for feature in dict.fromkeys(used(spec)))
    return tuple(dict.fromkeys(answer.reason for answer in answers if isinstance(answer, StandsIn)))


def used(spec: JobSpec) -> Iterator[Feature]:
    for pool in spec.pools:
        yield from _pool(pool, spec)
    yield from _references(spec)
    if sum(pool.replicas for pool in spec.pools) > 1:
        yield Feature.DISTRIBUTED
    yield from _scheduling(spec)
    if spec.study:
        yield from _study(spec.study)
    asked = {
        Feature.ENVIRONMENT: spec.env or any(pool.env for pool in spec.pools),
        Feature.BASE_OUTPUT_DIR: spec.base_output_dir,
        Feature.NETWORK: spec.network,
        Feature.SERVICE_ACCOUNT: spec.service_account,
        Feature.ENCRYPTION: spec.kms_key,
        Feature.WEB_ACCESS: spec.web_access,
        Feature.PERSISTENT_RESOURCE: spec.persistent_resource,
        Feature.FALLBACKS: spec.fallbacks,
        Feature.RETRIES: spec.retry.limit,
        Feature.RUNTIME_IMAGE: spec.runtime_version,
    }
    yield from (feature for feature, value in asked.items() if value)


def _pool(pool: Pool, spec: JobSpec) -> Iterator[Feature]:
    yield Feature.MACHINE_TYPE
    accelerator = pool.machine.accelerator_type
    if accelerator or pool.machine.tpu_topology:
        tpu = pool.machine.tpu_topology or (accelerator or "").startswith("TPU")
        yield Feature.TPU if tpu else Feature.ACCELERATOR
    if pool.machine.boot_disk_gb or pool.machine.boot_disk_type:
        yield Feature.BOOT_DISK
    match pool.program:
        case Container():
            yield Feature.CONTAINER
        case PythonModule(image=str()) if not spec.runtime_version:
            yield Feature.RUNTIME_IMAGE


def _study(study: Study) -> Iterator[Feature]:
    yield Feature.TUNING
    asked = {
        Feature.OPTIMISER: study.algorithm is None,
        Feature.EARLY_STOPPING: study.early_stopping,
        Feature.FAILED_TRIALS: study.max_failed_trials,
        Feature.CONDITIONAL_PARAMETERS: any(parameter.extras for parameter in study.parameters),
        Feature.RESUME_STUDY: study.resume_job,
    }
    yield from (feature for feature, value in asked.items() if value)


def _references(spec: JobSpec) -> Iterator[Feature]:
    """Values of variables that say where a secret is."""
    values = [value for env in (spec.env, *(pool.env for pool in spec.pools)) for value in env.values()]
    if any(redact.variable_of(value) for value in values):
        yield Feature.VARIABLE
    if any(value.startswith("secret://") for value in values):
        yield Feature.MANAGED


def _scheduling(spec: JobSpec) -> Iterator[Feature]:
    scheduling = spec.scheduling
    if scheduling.strategy is Strategy.SPOT:
        yield Feature.SPOT
    if scheduling.strategy is Strategy.FLEX_START:
        yield Feature.FLEX_START
    if scheduling.max_wait_s is not None:
        yield Feature.MAX_WAIT
    if scheduling.max_cost_usd is not None:
        yield Feature.MAX_COST
    if scheduling.max_silence_s is not None:
        yield Feature.MAX_SILENCE
    if scheduling.preempt_after_s is not None:
        yield Feature.REHEARSAL
    if scheduling.priority is not None:
        yield Feature.PRIORITY
    if scheduling.restart_on_worker_restart or scheduling.disable_retries:
        yield Feature.RESTART_RULES


def _extras(spec: JobSpec, name: str, backend: Backend) -> Iterator[Problem]:
    """Fields that only Vertex AI knows must not vanish on another backend."""
    if backend.capabilities.get(Feature.VERTEX_FIELDS) is None:
        return
    keys = [*spec.extras, *_of_study(spec.study), *(key for pool in spec.pools for key in pool.extras)]
    for key in dict.fromkeys(keys):
        place = next((place for path, place in spec.places.items() if path.endswith(key)), None)
        yield Problem(
            message=f"`{key}` has no meaning on the `{name}` backend",
            place=place,
            hint="Remove it, or run the job with `--backend vertex`." if name != "vertex" else "",
        )


def _of_study(study: Study | None) -> Iterator[str]:
    """Early stopping is a feature of its own; metrics in Vertex AI's form have a safety limit."""
    for key in study.extras if study else ():
        if not key.endswith("StoppingSpec"):
            yield "safetyConfig" if key == "metrics" else key
