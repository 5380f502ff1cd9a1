"""The nouns of jobs that exist: where they are, their names, how they are, and what they have written.

They stand apart from what makes a job (`submit.job`, which has them all), for to look after jobs is asked for more
often, and needs nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple, Self, TypeAlias
from urllib.parse import quote, unquote

from submit.errors import UsageError

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
JsonObject: TypeAlias = "dict[str, Json]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a job goes. `bucket_root` is the folder whose sub-folders stand for `gs://` buckets on this machine;
    `state_dir` is the folder of the client's own state."""

    backend: str
    state_dir: str
    bucket_root: str
    project: str | None = None
    region: str | None = None
    staging_bucket: str | None = None
    endpoints: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Handle:
    """The name of a job that was created, printed as `backend://path`; parses back from its own text."""

    backend: str
    path: str

    def __str__(self) -> str:
        return f"{self.backend}://{quote(self.path)}"

    @classmethod
    def parse(cls, text: str, *, default_backend: str) -> Self:
        backend, sign, path = text.partition("://")
        if not sign:
            backend, path = default_backend, text
        shown = text.encode(errors="backslashreplace").decode()  # what a shell takes may be no text at all
        if not backend or not path or shown != text:
            raise UsageError(f"`{shown}` does not name a job", hint="Name it as `submit jobs list` does.")
        return cls(backend, unquote(path))

    @property
    def array(self) -> Self | None:
        """That whose element it is, if its name says so: `slurm://trainer_…` of `slurm://trainer_….7`."""
        name, sign, number = self.path.rpartition(".")
        return type(self)(self.backend, name) if sign and number.isdecimal() else None


class State(StrEnum):
    QUEUED = "QUEUED"
    PREPARING = "PREPARING"
    RUNNING = "RUNNING"
    CANCELLING = "CANCELLING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"

    @property
    def ended(self) -> bool:
        return self in _ENDED


_ENDED = (State.SUCCEEDED, State.FAILED, State.CANCELLED)  # no set: it would hash each state that is looked for


class Cause(StrEnum):
    """Why a job ended other than by success."""

    EXIT_CODE = "exit code"
    SIGNAL = "signal"
    TIMEOUT = "time-out"
    OUT_OF_MEMORY = "out of memory"
    CANCELLED = "cancelled"
    PREEMPTED = "preempted"
    STOCK_OUT = "stock-out"
    ENVIRONMENT = "environment"
    LOST = "supervisor lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicaStatus:
    """`exit_code` is the process's own, 128 + n for signal n; None while it runs or if it never did."""

    name: str
    state: State
    exit_code: int | None = None
    restarts: int = 0
    peak_memory_bytes: int | None = None
    cpu_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """A job as its backend sees it now. `raw` is the provider's own record, unchanged."""

    handle: Handle
    name: str
    state: State
    message: str = ""
    cause: Cause | None = None
    exit_code: int | None = None
    created: datetime | None = None
    started: datetime | None = None
    ended: datetime | None = None
    replicas: tuple[ReplicaStatus, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    job_dir: str | None = None
    hourly_usd: float | None = None
    priced_as: str = ""
    links: Mapping[str, str] = field(default_factory=dict)
    trials: tuple[Mapping[str, Json], ...] = ()
    traceback: str = ""
    raw: Mapping[str, Json] = field(default_factory=dict)


NO_FIELDS: Mapping[str, Json] = MappingProxyType({})


class LogEntry(NamedTuple):
    """One log line as the service would keep it; a tuple, because there are many.

    `timestamp` is UTC in RFC 3339 with nine digits of a second, so that texts sort as times do. `severity` is Cloud
    Logging's, `fields` is the JSON object of a structured line, `replica` is `workerpool0-0` … (`master-replica-0` … on
    ML Engine) or `service`. `late`: something that is newer was shown before. `job` is its job's handle where the
    entries of several are merged.
    """

    timestamp: str
    severity: str
    replica: str
    message: str
    insert_id: str
    stream: str = ""
    trial: str | None = None
    fields: Mapping[str, Json] = NO_FIELDS
    late: bool = False
    job: str = ""


LogCursor: TypeAlias = object
"""How far a log was read, "" for not at all. `str` makes a text of it that can be kept, and is as good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPage:
    """Entries after a cursor, which continues behind them.

    `ended`: the job is over and nothing follows; `more`: more is there already. `hold_s`: for so long entries that are
    older than these may still come, because they arrived as they were written, not in order. `note` is for people.
    """

    entries: Sequence[LogEntry]
    cursor: LogCursor
    ended: bool
    more: bool = False
    hold_s: float = 0.0
    note: str = ""
