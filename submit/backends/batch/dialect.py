"""How one kind of cluster is spoken to: pure functions, and the values that they take and give."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, Self

from submit.backends import Capability, Feature
from submit.errors import ErrorKind
from submit.status import Cause, Json, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What each replica needs; `memory_mb` is None where nobody says."""

    cpus: int
    memory_mb: int | None
    gpus: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Array:
    """So many elements, numbered from 1; `at_once`: how many may run at a time, None for all that the cluster takes."""

    size: int
    at_once: int | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """`100`, or `100%10`: ten at a time."""
        size, sign, at_once = text.partition("%")
        return cls(size=int(size), at_once=int(at_once) if sign else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchJob:
    """A job as its script needs it. `key` is its name in the queue, unique for ever, and that of its folder.

    `folder` is the job's folder, relative to the user's home or absolute. `limit_s` is None without a time limit; it is
    that of each element of an array, as are the replicas and their shape.
    """

    key: str
    folder: str
    replicas: int
    shape: Shape
    limit_s: float | None
    requeue: bool
    array: Array | None = None
    options: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """A job, or an element of an array (`key` is then `KEY.7`), as the scheduler sees it. `state` is ours, `word` the
    scheduler's own; `reason` says why it waits or how it ended. `stuck` says what to do about a job that will never
    start."""

    key: str
    id: str
    state: State
    word: str
    reason: str = ""
    cause: Cause | None = None
    submitted: datetime | None = None
    started: datetime | None = None
    ended: datetime | None = None
    stuck: str = ""


class Dialect(Protocol):
    """The functions of a dialect. Each command has a parser of its answer, tried on recorded answers."""

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str:
        """For people: `Slurm`."""

    @property
    def options(self) -> Mapping[str, str]: ...
    @property
    def capabilities(self) -> Mapping[Feature, Capability]: ...

    @property
    def restarts_alike(self) -> str:
        """Why a job that was preempted cannot be told from one whose node was lost; empty if it can."""

    def script(self, job: BatchJob) -> str:
        """What the scheduler runs: its directives, then a start of `task.sh` for each replica, in the job's folder."""

    def task(self, job: BatchJob) -> str:
        """Lines of POSIX shell for `task.sh`: they set `rank`, `restart`, `id`, in a job of several replicas `address`,
        by which other nodes reach this one, and in an array `element`, its number."""

    def submission(self, job: BatchJob) -> tuple[str, ...]:
        """The command that takes the script on its standard input, and prints the scheduler's id."""

    def submitted(self, answer: str) -> str:
        """The id, or a `ServiceError`."""

    def queue(self, keys: Sequence[str]) -> tuple[str, ...]:
        """One question for all of these jobs, those included that have just ended; of arrays for each element."""

    def queued(self, answer: str, jobs: Container[str] | None = None) -> Mapping[str, Queued]:
        """What the answer says of these jobs; it may be about all that the user has. None: of every job."""

    def accounting(self, keys: Sequence[str]) -> tuple[str, ...]:
        """The same of jobs that the queue has forgotten; empty if there is no such thing."""

    def accounted(self, answer: str, jobs: Container[str] | None = None) -> Mapping[str, Queued]: ...
    def cancellation(self, key: str, element: str = "") -> tuple[str, ...]:
        """Of a whole job, or of one element of an array."""

    def kind(self, output: str) -> ErrorKind:
        """What it means that a command failed, by what it wrote: `TRANSIENT` if the scheduler could not be reached."""

    def advice(self, output: str) -> str:
        """What to do about it; empty where nobody knows."""

    def never_reached(self, output: str) -> bool:
        """Whether a command that failed so cannot have done anything: nobody has taken what it sent."""
