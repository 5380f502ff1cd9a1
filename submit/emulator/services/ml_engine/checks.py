"""What ML Engine refused, in its words where they are known: `Field: job_id Error: …`.

https://cloud.google.com/ai-platform/training/docs/reference/rest/v1/projects.jobs
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from submit import catalogue
from submit.emulator.rpc.errors import bad_request
from submit.emulator.services import identities, problems
from submit.emulator.services.ml_engine.replicas import REPLICAS, Replica
from submit.emulator.services.packages import unreadable
from submit.emulator.services.problems import Problem
from submit.job import Machine

_JOB_ID = re.compile(r"[A-Za-z]\w{0,127}", re.ASCII)
_JOB_DIR = re.compile(r"gs://[a-z0-9][a-z0-9._-]+[a-z0-9](/.*)?", re.DOTALL)
_LAST_RUNTIME = (2, 11)
_MAX_PACKAGES, _MAX_ARGS = 100, 100_000
_SHORTEST_WAIT_S, _PRIORITIES = 1800, range(1001)
_MACHINE = re.compile(r"n1-(standard|highmem|highcpu)-\d+")
"""Machines of which Vertex AI has fewer."""


def refuse(job: dict[str, Any], buckets: Path) -> None:
    """Raises INVALID_ARGUMENT for a job that the service would not have taken."""
    _refuse(list(_problems(job, buckets)))


def refuse_labels(labels: dict[str, str]) -> None:
    _refuse(list(problems.labels(labels)))


def _refuse(found: list[Problem]) -> None:
    if found:
        raise bad_request("\n".join(f"Field: {problem.field} Error: {problem.message}" for problem in found), *found)


def _problems(job: dict[str, Any], buckets: Path) -> Iterator[Problem]:
    if not _JOB_ID.fullmatch(job.get("jobId", "")):
        rule = "A name should start with a letter and contain only letters, numbers and underscores."
        yield Problem("job_id", rule)
    yield from problems.labels(job.get("labels", {}))
    training = job.get("trainingInput")
    if training is None:
        yield Problem("training_input", "The training input must be specified.")
        return
    if training.get("region") not in catalogue.regions():
        yield Problem("region", f"The region `{training.get('region', '')}` is not available.")
    yield from _program(training, buckets)
    yield from _tier(training)
    for replica in REPLICAS:
        yield from _replica(training, replica)
    yield from _scheduling(training.get("scheduling", {}))
    yield from identities.service_account(training.get("serviceAccount", ""), "service_account")
    key = training.get("encryptionConfig", {}).get("kmsKeyName", "")
    yield from identities.key(key, training.get("region", ""), "encryption_config.kms_key_name")
    if not _JOB_DIR.fullmatch(training.get("jobDir", "gs://none")):
        yield Problem("job_dir", "The job directory must be a path in Cloud Storage, `gs://bucket/path`.")


def _program(training: dict[str, Any], buckets: Path) -> Iterator[Problem]:
    """Either a Python package or, on each replica, an image."""
    if sum(map(len, training.get("args", ()))) > _MAX_ARGS:
        yield Problem("args", f"The maximum size of all arguments together is {_MAX_ARGS} characters.")
    if len(training.get("packageUris", ())) > _MAX_PACKAGES:
        yield Problem("package_uris", f"There can be at most {_MAX_PACKAGES} packages.")
    if training.get("masterConfig", {}).get("imageUri"):
        return
    for field in ("packageUris", "pythonModule"):
        if not training.get(field):
            name = "package_uris" if field == "packageUris" else "python_module"
            yield Problem(name, "This field is required for a job without a container image.")
    if missing := unreadable(training.get("packageUris", ()), buckets):
        yield Problem("package_uris", missing)
    yield from _runtime(training)


def _runtime(training: dict[str, Any]) -> Iterator[Problem]:
    """A version that once was one is taken, although none is supported any more."""
    runtime, python = training.get("runtimeVersion", "1.0"), training.get("pythonVersion", "")
    pythons = catalogue.runtime_pythons(runtime)
    known = pythons and tuple(map(int, runtime.split("."))) <= _LAST_RUNTIME
    if not known or (python and "runtimeVersion" in training and python not in pythons):
        words = f"The specified runtime version '{runtime}' with the Python version '{python}' is not supported or is"
        yield Problem("runtime_version", f"{words} deprecated. Please specify a different runtime version.")


def _scheduling(scheduling: dict[str, Any]) -> Iterator[Problem]:
    """Durations as the schema has let them pass: `3600s`."""
    running, waiting = (float(scheduling.get(f"max{what}Time", "1800s")[:-1]) for what in ("Running", "Wait"))
    if running <= 0:
        yield Problem("scheduling.max_running_time", "The maximum running time must be positive.")
    if waiting < _SHORTEST_WAIT_S:
        words = f"The maximum wait time must be at least {_SHORTEST_WAIT_S} seconds."
        yield Problem("scheduling.max_wait_time", words)
    if scheduling.get("priority", 0) not in _PRIORITIES:
        yield Problem("scheduling.priority", f"The priority must be between 0 and {_PRIORITIES[-1]}.")


def _tier(training: dict[str, Any]) -> Iterator[Problem]:
    custom = training.get("scaleTier") == "CUSTOM"
    if custom and not training.get("masterType"):
        yield Problem("master_type", "The master type must be specified for the CUSTOM scale tier.")
    if not custom:
        tier = training.get("scaleTier", "BASIC")
        for replica in REPLICAS:
            if training.get(replica.type_key):
                words = f"can only be specified for the CUSTOM scale tier, not for {tier}."
                yield Problem(replica.field("type"), f"A machine type {words}")


def _replica(training: dict[str, Any], replica: Replica) -> Iterator[Problem]:
    name = training.get(replica.type_key)
    count = int(training.get(replica.count_key, "0"))
    if replica.role != "chief" and training.get("scaleTier") == "CUSTOM" and bool(name) != (count > 0):
        yield Problem(replica.field("count"), "The machine type and the count must be given together.")
    if name is not None:
        yield from _machine(name, training.get(replica.config_key, {}).get("acceleratorConfig", {}), replica)


def _machine(name: str, accelerator: dict[str, Any], replica: Replica) -> Iterator[Problem]:
    legacy = catalogue.legacy_machine(name)
    if not (legacy or catalogue.machine(name) or _MACHINE.fullmatch(name)):
        yield Problem(replica.field("type"), f"The machine type `{name}` is not supported.")
    elif accelerator and bool(accelerator.get("type")) != bool(int(accelerator.get("count", "0"))):
        words = "Both the type and the count of an accelerator must be given, or none."
        yield Problem(replica.field("config.accelerator_config"), words)
    elif accelerator and legacy and name != "cloud_tpu":
        words = f"An accelerator cannot be attached to `{name}`; name a Compute Engine machine type."
        yield Problem(replica.field("config.accelerator_config"), words)
    elif accelerator and not legacy and not _is_possible(name, accelerator):
        words = f'Accelerator "{accelerator.get("type", "")}" is not supported for machine type "{name}"'
        in_number = f" in the number of {accelerator.get('count', '0')}."
        yield Problem(replica.field("config.accelerator_config"), words + in_number)


def _is_possible(name: str, accelerator: dict[str, Any]) -> bool:
    kind, count = accelerator.get("type"), int(accelerator.get("count", "0"))
    if kind and catalogue.retired_accelerator(kind):
        return count > 0
    return catalogue.offered(Machine(machine_type=name, accelerator_type=kind, accelerator_count=count))
