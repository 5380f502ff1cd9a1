"""Where a job can run: one module per backend, each satisfying `Backend`; none of them touches the world."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from submit.errors import UsageError

if TYPE_CHECKING:
    from submit.job import JobSpec
    from submit.status import Handle, JsonObject, LogCursor, LogPage, Status, Target
    from submit.steps import Conversation


class Feature(StrEnum):
    """What may be asked for. A backend says of each whether it honours, stands in for, or refuses it."""

    CONTAINER = "custom containers"
    DISTRIBUTED = "more than one replica"
    TUNING = "hyperparameter tuning"
    OPTIMISER = "search that learns from trials"
    EARLY_STOPPING = "early stopping of trials"
    FAILED_TRIALS = "a limit of failed trials"
    CONDITIONAL_PARAMETERS = "conditional hyperparameters"
    MACHINE_TYPE = "machine types"
    ACCELERATOR = "accelerators"
    TPU = "TPUs"
    BOOT_DISK = "boot disks"
    ENVIRONMENT = "environment variables"
    VARIABLE = "references to variables of yours (`env:NAME`)"
    MANAGED = "references to secrets (`secret://…`)"
    BASE_OUTPUT_DIR = "base output directories"
    RUNTIME_IMAGE = "runtime versions and training images"
    REGION = "regions"
    SPOT = "spot machines"
    FLEX_START = "flexible start"
    MAX_WAIT = "limit on the wait for machines"
    MAX_COST = "limit of costs"
    MAX_SILENCE = "limit of silence"
    REHEARSAL = "rehearsed preemptions"
    PRIORITY = "priorities"
    RESTART_RULES = "rules for restarts of a job"
    NETWORK = "networks"
    SERVICE_ACCOUNT = "service accounts"
    ENCRYPTION = "encryption keys"
    WEB_ACCESS = "web access"
    PERSISTENT_RESOURCE = "persistent resources"
    FALLBACKS = "fallbacks"
    RETRIES = "retries of the whole job"
    RESUME_STUDY = "resuming an earlier study"
    DELETION = "way to delete jobs"
    VERTEX_FIELDS = "fields of Vertex AI that have no meaning elsewhere"


@dataclass(frozen=True, slots=True)
class StandsIn:
    """The backend runs the job without this, says so, and why that is all right."""

    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The backend cannot run such a job; the reason."""

    reason: str


Capability = StandsIn | Refused | None


class Backend(Protocol):
    """The functions of a backend module. All are pure: they yield steps and are sent the replies.

    `capabilities` maps a feature to None (honoured) or to what happens instead; a missing feature is honoured.
    `options` are the keys of `submit: {<backend>: …}` with a line on each.
    """

    @property
    def capabilities(self) -> Mapping[Feature, Capability]: ...
    @property
    def options(self) -> Mapping[str, str]: ...
    def submit(self, spec: JobSpec, target: Target) -> Conversation[Handle]: ...
    def describe(self, handles: Sequence[Handle], target: Target) -> Conversation[Mapping[Handle, Status]]: ...
    def list_jobs(self, target: Target, limit: int) -> Conversation[Sequence[Status]]: ...
    def logs(self, handle: Handle, target: Target, cursor: LogCursor, wait_s: float) -> Conversation[LogPage]: ...
    def cancel(self, handle: Handle, target: Target) -> Conversation[None]: ...
    def delete(self, handle: Handle, target: Target) -> Conversation[None]: ...
    def links(self, handle: Handle, target: Target) -> Mapping[str, str]:
        """Pages about a job that its name alone leads to, by what they are (`console`, `log`)."""

    def environment(self, handle: Handle, target: Target) -> Conversation[JsonObject | None]:
        """What was installed for the job: `python` and `packages` (`name==version`); None if that is not known."""

    def find(self, submission_id: str, place: str, target: Target) -> Conversation[Handle | None]:
        """The job of a submission whose answer was lost; `place` is what the creating step `creates`."""


def unknown_environment(handle: Handle, target: Target) -> Conversation[JsonObject | None]:
    """For backends whose service does not tell."""
    yield from ()
    return None


REGISTRY: Mapping[str, str] = {
    "local": "submit.backends.local",
    "vertex": "submit.backends.vertex",
    "mlengine": "submit.backends.mlengine",
    "slurm": "submit.backends.slurm",
    "gridengine": "submit.backends.gridengine",
}
"""Our backends; other packages add theirs as entry points of the group `jobdir.backends`."""


def names() -> tuple[str, ...]:
    return (*REGISTRY, *sorted(_entry_points()))


def load(name: str) -> Backend:
    """The backend of that name. Only the module that is asked for is imported."""
    module = REGISTRY.get(name) or _entry_points().get(name)
    if module is None:
        raise UsageError(f"`{name}` is not a backend", hint=f"There is: {', '.join(names())}.")
    return cast(Backend, import_module(module))


def _entry_points() -> dict[str, str]:
    from importlib.metadata import entry_points

    return {point.name: point.value for point in entry_points(group="jobdir.backends")}


__all__ = ["REGISTRY", "Backend", "Capability", "Feature", "Refused", "StandsIn", "load", "names"]
