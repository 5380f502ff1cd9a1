"""The engine's jobs as resources of a service: by their resource names, with the request that made them.

A job's `client` field is `{"kind", "name", "job_id", "project", "body"}`; `body` is the resource as it was created, in
its JSON form. Engine calls block, so they run in threads.
"""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, ParamSpec, TypeVar

from submit.emulator.capacity.keeper import Keeper, shown
from submit.emulator.rpc.errors import RpcError, bad_request
from submit.emulator.services.records import Record
from submit.emulator.shelf import Shelf
from submit.errors import ErrorKind, ServiceError

if TYPE_CHECKING:
    from submit.engine import Engine

_P = ParamSpec("_P")
_T = TypeVar("_T")

_CODES = {
    ErrorKind.INVALID: "INVALID_ARGUMENT",
    ErrorKind.NOT_FOUND: "NOT_FOUND",
    ErrorKind.EXISTS: "ALREADY_EXISTS",
    ErrorKind.DENIED: "PERMISSION_DENIED",
    ErrorKind.QUOTA: "RESOURCE_EXHAUSTED",
    ErrorKind.STOCK_OUT: "RESOURCE_EXHAUSTED",
    ErrorKind.TRANSIENT: "UNAVAILABLE",
    ErrorKind.INTERNAL: "INTERNAL",
}
ENDED = ("SUCCEEDED", "FAILED", "CANCELLED")


class Location(NamedTuple):
    """`projects/p/locations/r`."""

    project: str
    region: str

    @classmethod
    def parse(cls, name: str) -> Location:
        """Of a resource's name. Raises `RpcError`: over gRPC no path has been checked."""
        match = re.match(r"projects/([^/]+)/locations/([^/]+)(?=/|$)", name)
        if not match:
            raise bad_request(f"Invalid resource name: {name}", ("name", "expected `projects/*/locations/*`"))
        return cls(*match.groups())

    def __str__(self) -> str:
        return f"projects/{self.project}/locations/{self.region}"


class Numbers:
    """Numeric ids of 19 digits, as Vertex AI's, ascending; also across restarts, as long as the clock is right."""

    def __init__(self) -> None:
        self._lock, self._last = threading.Lock(), 0

    def next(self) -> str:
        with self._lock:
            self._last = max(self._last + 1, time.time_ns())
            return str(self._last)


class Jobs:
    """`buckets` is the folder whose sub-folders are the buckets."""

    def __init__(self, engine: Engine, buckets: Path, capacity: Keeper) -> None:
        self._engine, self._shelf, self._capacity = engine, Shelf(engine), capacity
        self.buckets = buckets
        self.numbers = Numbers()

    async def create(self, kind: str, name: str, engine_id: str, request: Record, body: Record) -> Record:
        """`request` is the engine's without what follows from the other arguments. Raises `RpcError`."""
        client = {"kind": kind, "name": name, "job_id": name.rsplit("/", 1)[1], "body": body}
        client["project"] = name.split("/")[1]
        whole = {**request, "id": engine_id, "submission_id": self.numbers.next(), "client": client}
        whole["job_id"] = client["job_id"]  # as the trainer knows it, in CLOUD_ML_JOB_ID
        return shown(await _asked(self._capacity.create, whole))

    async def get(self, kind: str, name: str, engine_id: str) -> Record:
        """Raises NOT_FOUND, also for a job of another project or place that has the number."""
        try:
            job: Record = shown((await _asked(self._engine.get, [engine_id]))[0])
        except RpcError as error:
            raise (_missing(kind, name) if error.code == "NOT_FOUND" else error) from error
        if job["client"]["name"] != name or job["client"]["kind"] != kind:
            raise _missing(kind, name)
        return job

    async def list(self, kind: str, parent: str) -> list[Record]:
        """Newest first, as `Shelf` has them; `projects/-/locations/-` is everywhere."""
        jobs = await _asked(self._shelf.all)
        return list(map(shown, filter(_is_below(kind, parent), jobs)))

    async def queue(self) -> Sequence[str]:
        """The engine's ids of jobs that wait, the next to run first."""
        jobs = await _asked(self._shelf.all)
        return [job["id"] for job in reversed(jobs) if job["state"] == "QUEUED"]

    async def whole(self, chosen: Iterable[Record]) -> Sequence[Record]:
        """All that is known of jobs from a list, each under the name that it has there; those that were deleted
        meanwhile are left out."""
        return await _asked(self._whole, list(chosen))

    async def cancel(self, engine_id: str) -> None:
        await _asked(self._engine.cancel, engine_id)

    async def delete(self, job: Record) -> None:
        if job["state"] not in ENDED:
            state = f"is in state {job['state']} and cannot be deleted. Cancel it first."
            raise RpcError("FAILED_PRECONDITION", f'The job "{job["client"]["name"]}" {state}')
        await _asked(self._engine.delete, job["id"])

    def _whole(self, chosen: Sequence[Record]) -> Sequence[Record]:
        try:
            found: Sequence[Record] = self._engine.get([job["id"] for job in chosen])
        except ServiceError as error:
            if error.kind is not ErrorKind.NOT_FOUND:
                raise
            return [] if len(chosen) == 1 else [whole for job in chosen for whole in self._whole([job])]
        both = zip(found, chosen, strict=True)
        return [
            {**shown(whole), "client": job["client"]}
            for whole, job in both
            if whole["submission_id"] == job["submission_id"]
        ]


async def _asked(function: Callable[_P, _T], *values: _P.args, **names: _P.kwargs) -> _T:
    return await asyncio.to_thread(lambda: _translated(function, *values, **names))


def _translated(function: Callable[_P, _T], *values: _P.args, **names: _P.kwargs) -> _T:
    try:
        return function(*values, **names)
    except ServiceError as error:
        raise RpcError(_CODES[error.kind], "; ".join(problem.message for problem in error.problems)) from error


def _missing(kind: str, name: str) -> RpcError:
    word = kind[0].upper() + kind.removesuffix("s")[1:]
    return RpcError("NOT_FOUND", f'The {word} "{name}" does not exist.')


def _is_below(kind: str, parent: str) -> Callable[[Record], bool]:
    parts = ("[^/]+" if part == "-" else re.escape(part) for part in parent.split("/"))
    starts = re.compile("/".join(parts) + "/").match
    return lambda job: job["client"].get("kind") == kind and starts(job["client"]["name"]) is not None
