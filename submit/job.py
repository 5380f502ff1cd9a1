"""The nouns: what a job is, independent of the backend that runs it.

Everything here is an immutable value. Machine and pool names follow Vertex AI (`worker pool`, `replica`, `chief`):
https://cloud.google.com/vertex-ai/docs/training/distributed-training
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TypeAlias

from submit.errors import Place
from submit.status import (
    NO_FIELDS,
    Cause,
    Handle,
    Json,
    JsonObject,
    LogCursor,
    LogEntry,
    LogPage,
    ReplicaStatus,
    State,
    Status,
    Target,
)


class Role(StrEnum):
    """The part that a pool plays; the value is the key in `TF_CONFIG`, the order that of Vertex AI's worker pools."""

    CHIEF = "chief"
    WORKER = "worker"
    PARAMETER_SERVER = "ps"
    EVALUATOR = "evaluator"


ROLES = tuple(Role)


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """One machine: a Compute Engine machine type and what is attached to it.

    `written_as` is the name that the user wrote if it was another, e.g. ML Engine's `standard_gpu`.
    """

    machine_type: str
    accelerator_type: str | None = None
    accelerator_count: int = 0
    tpu_topology: str | None = None
    boot_disk_type: str | None = None
    boot_disk_gb: int | None = None
    written_as: str | None = None

    def __str__(self) -> str:
        """`n1-standard-8 + 1 NVIDIA_TESLA_T4`."""
        attached = f" + {self.accelerator_count} {self.accelerator_type}" if self.accelerator_type else ""
        return f"{self.machine_type}{attached}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonModule:
    """`python -m module args` in a prebuilt image; `None` means: what the command line or the job says."""

    module: str | None = None
    args: tuple[str, ...] | None = None
    image: str | None = None
    package_uris: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """An image's own entry point, or `command`, with `args`; `args=None`: what the command line or the job says."""

    image: str
    command: tuple[str, ...] = ()
    args: tuple[str, ...] | None = None


Program: TypeAlias = PythonModule | Container


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """A worker pool: `replicas` equal machines that run the same program in the same role.

    `extras` are fields of Vertex AI's `WorkerPoolSpec` or `MachineSpec` without a meaning elsewhere, in its JSON
    form (`nfsMounts`, `reservationAffinity` …), keyed by their path below the pool (`machineSpec.reservationAffinity`).
    `tpu_host` is the machine that ML Engine puts in front of a TPU; Vertex AI needs none.
    """

    role: Role
    machine: Machine
    replicas: int = 1
    program: Program = PythonModule()
    env: Mapping[str, str] = field(default_factory=dict)
    extras: Mapping[str, Json] = field(default_factory=dict)
    tpu_host: Machine | None = None


class Goal(StrEnum):
    MAXIMIZE = "MAXIMIZE"
    MINIMIZE = "MINIMIZE"


class ParameterKind(StrEnum):
    DOUBLE = "DOUBLE"
    INTEGER = "INTEGER"
    CATEGORICAL = "CATEGORICAL"
    DISCRETE = "DISCRETE"


class Scale(StrEnum):
    """Vertex AI's `scaleType`; NONE is ML Engine's word for linear without scaling."""

    NONE = "NONE"
    LINEAR = "UNIT_LINEAR_SCALE"
    LOG = "UNIT_LOG_SCALE"
    REVERSE_LOG = "UNIT_REVERSE_LOG_SCALE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A hyperparameter; DOUBLE and INTEGER have a range, CATEGORICAL has text values, DISCRETE numbers.

    `extras`: `conditionalParameterSpecs` and defaults, in Vertex AI's JSON form.
    """

    name: str
    kind: ParameterKind
    minimum: float | None = None
    maximum: float | None = None
    values: tuple[str, ...] | tuple[float, ...] = ()
    scale: Scale = Scale.NONE
    extras: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    name: str
    goal: Goal


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """Hyperparameter tuning: which trials to run and what to compare them by.

    `algorithm`: `GRID_SEARCH`, `RANDOM_SEARCH` or None for the service's own (Bayesian) choice.
    `max_failed_trials`: 0 lets the service decide. `extras`: the rest of Vertex AI's `StudySpec`.
    """

    metrics: tuple[Metric, ...]
    parameters: tuple[Parameter, ...]
    max_trials: int = 1
    parallel_trials: int = 1
    max_failed_trials: int = 0
    algorithm: str | None = None
    early_stopping: bool = False
    resume_job: str | None = None
    extras: Mapping[str, Json] = field(default_factory=dict)


class Strategy(StrEnum):
    """Vertex AI's provisioning strategies: https://cloud.google.com/vertex-ai/docs/training/use-spot-vms"""

    STANDARD = "STANDARD"
    SPOT = "SPOT"
    FLEX_START = "FLEX_START"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheduling:
    """When a job may run and for how long; times in seconds, `timeout_s=None` is the service's seven days.

    `max_cost_usd` is kept by a time-out that follows from the list price. `max_silence_s`: the job is ended when it
    wrote nothing for so long. `preempt_after_s`: a rehearsal, its machines are taken away once.
    """

    timeout_s: float | None = None
    max_wait_s: float | None = None
    strategy: Strategy = Strategy.STANDARD
    priority: int | None = None
    restart_on_worker_restart: bool = False
    disable_retries: bool = False
    max_cost_usd: float | None = None
    max_silence_s: float | None = None
    preempt_after_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """Restarts of the whole job by us: how often, after which causes (`preempted`, `node_lost`, `exit_codes: [..]`)."""

    limit: int = 0
    on: tuple[str, ...] = ()
    exit_codes: tuple[int, ...] = ()
    backoff_s: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What a config file (with overrides and project defaults applied) means, whichever dialect it was written in.

    `options` is the `submit:` section's part for each backend, e.g. `{"local": {"memory": "2GiB"}}`.
    `places` maps a config path as the user wrote it (`trainingInput.masterType`) to where it stands; "" is the file.
    `extras` are fields of Vertex AI's `CustomJobSpec` without a meaning elsewhere, in its JSON form.
    `scale_tier` is ML Engine's name for the pools; `use_chief_in_tf_config` is None where the service decides.
    """

    pools: tuple[Pool, ...]
    dialect: str
    scale_tier: str | None = None
    display_name: str | None = None
    args: tuple[str, ...] | None = None
    module: str | None = None
    package_uris: tuple[str, ...] = ()
    job_dir: str | None = None
    base_output_dir: str | None = None
    region: str | None = None
    runtime_version: str | None = None
    python_version: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    study: Study | None = None
    scheduling: Scheduling = Scheduling()
    network: str | None = None
    service_account: str | None = None
    kms_key: str | None = None
    web_access: bool = False
    use_chief_in_tf_config: bool | None = None
    persistent_resource: str | None = None
    backend: str | None = None
    options: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    retry: Retry = Retry()
    fallbacks: tuple[Mapping[str, Json], ...] = ()
    extras: Mapping[str, Json] = field(default_factory=dict)
    places: Mapping[str, Place] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A source distribution or wheel as a value.

    `digest` is the sha256 of `data` in hex; `files` are the members, sorted, relative to the archive's top folder;
    `modules` are the importable modules that installing it provides; `requirements` are PEP 508 strings.
    `source_digest` names the tree that it was made from: the same tree, the same digest.
    """

    filename: str
    data: bytes = field(repr=False)
    digest: str
    files: tuple[str, ...]
    modules: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    source_digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSpec:
    """A job, complete and independent of the backend. Every pool's program has its module and args filled in.

    `name` is the job's own among all jobs of the user; `display_name` is what the config calls it, perhaps often.
    `submission_id` is unique to this submission and travels with the job, so that it can be found again after an
    answer was lost. `options` are those of the backend that it is for. `hourly_usd` is the list price of the machines
    `priced_as`, which are those of today; None if one of them has no price. `today` is the day of the submission in
    UTC, by which training images are chosen. `first_plan` is what is tried first: 0 the job as it is, n the n-th of
    `fallbacks`.
    """

    name: str
    submission_id: str
    display_name: str
    pools: tuple[Pool, ...]
    scale_tier: str | None = None
    packages: tuple[Package, ...] = ()
    job_dir: str | None = None
    base_output_dir: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    study: Study | None = None
    scheduling: Scheduling = Scheduling()
    retry: Retry = Retry()
    fallbacks: tuple[Mapping[str, Json], ...] = ()
    runtime_version: str | None = None
    python_version: str | None = None
    network: str | None = None
    service_account: str | None = None
    kms_key: str | None = None
    web_access: bool = False
    use_chief_in_tf_config: bool | None = None
    persistent_resource: str | None = None
    options: Mapping[str, Json] = field(default_factory=dict)
    extras: Mapping[str, Json] = field(default_factory=dict)
    places: Mapping[str, Place] = field(default_factory=dict)
    hourly_usd: float | None = None
    priced_as: str = ""
    today: date | None = None
    first_plan: int = 0


__all__ = [
    "NO_FIELDS",
    "ROLES",
    "Cause",
    "Config",
    "Container",
    "Goal",
    "Handle",
    "JobSpec",
    "Json",
    "JsonObject",
    "LogCursor",
    "LogEntry",
    "LogPage",
    "Machine",
    "Metric",
    "Package",
    "Parameter",
    "ParameterKind",
    "Pool",
    "Program",
    "PythonModule",
    "ReplicaStatus",
    "Retry",
    "Role",
    "Scale",
    "Scheduling",
    "State",
    "Status",
    "Strategy",
    "Study",
    "Target",
]
