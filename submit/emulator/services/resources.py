"""What Vertex AI's kinds of jobs have in common: made, shown, listed, cancelled and deleted alike."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from submit import catalogue
from submit.emulator.rpc.caller import caller
from submit.emulator.rpc.errors import bad_request
from submit.emulator.rpc.messages import enum_numbers, message_class
from submit.emulator.rpc.transcoding import to_json
from submit.emulator.services.jobs import ENDED, Jobs, Location
from submit.emulator.services.listing import matching, ordered, page
from submit.emulator.services.operations import Operations
from submit.emulator.services.outcomes import STATES, fill_error, fill_times
from submit.emulator.services.places import LocationOf, refuse_other_endpoint, refuse_other_region
from submit.emulator.services.records import Record, Records

Fill = Callable[[Any, Record], None]


def nothing_else(message: Any, job: Record) -> None:
    """For kinds which show no more than every kind does."""


class Resource(NamedTuple):
    """`kind` is the collection in resource names, `word` the message's name."""

    version: str
    kind: str
    word: str
    states: str = "JobState"
    fill: Fill = nothing_else

    @property
    def package(self) -> str:
        return f"google.cloud.aiplatform.{self.version}"

    def message(self, name: str) -> Any:
        return message_class(f"{self.package}.{name}")


class Resources:
    def __init__(self, jobs: Jobs, operations: Operations, records: Records, location_of: LocationOf) -> None:
        self.jobs, self._operations, self.records, self._location_of = jobs, operations, records, location_of

    async def create(self, resource: Resource, parent: str, message: Any, request: Record) -> Any:
        location = known_location(parent)
        refuse_other_region(request["base_output_dir"], location.region, self._location_of)
        number = self.jobs.numbers.next()
        shown = {
            "display_name": message.display_name,
            "labels": dict(message.labels),
            "project": location.project,
            "region": location.region,
        }
        name = f"{parent}/{resource.kind}/{number}"
        job = await self.jobs.create(resource.kind, name, engine_id(name), {**shown, **request}, to_json(message))
        return as_message(resource, job)

    async def get(self, resource: Resource, name: str) -> Any:
        """`gcloud ai … stream-logs` asks once, at its start, and would never end for a job that had no end then."""
        message = as_message(resource, await self._find(resource, name))
        if caller.get().gcloud[0].endswith(".stream-logs") and not message.HasField("end_time"):
            message.end_time.GetCurrentTime()
        return message

    async def list(self, resource: Resource, request: Any) -> Any:
        return await listed(resource, request, await self.jobs.list(resource.kind, request.parent), self.jobs)

    async def cancel(self, resource: Resource, name: str) -> Any:
        """Of a job that has ended it changes nothing."""
        job = await self._find(resource, name)
        if job["state"] not in ENDED:
            await self.jobs.cancel(job["id"])
        return message_class("google.protobuf.Empty")()

    async def delete(self, resource: Resource, name: str) -> Any:
        job = await self._find(resource, name)
        await self.jobs.delete(job)
        empty = message_class("google.protobuf.Empty")()
        return self._operations.done(Location.parse(name), empty, resource.message("DeleteOperationMetadata")())

    async def _find(self, resource: Resource, name: str) -> Record:
        return await self.jobs.get(resource.kind, name, engine_id(name))


class JobKind(ABC):
    """The methods that all kinds of jobs have alike; `create` is each kind's own."""

    def __init__(self, resources: Resources, resource: Resource) -> None:
        self._resources, self._resource = resources, resource

    @abstractmethod
    async def create(self, request: Any) -> Any: ...

    async def get(self, request: Any) -> Any:
        return await self._resources.get(self._resource, request.name)

    async def list(self, request: Any) -> Any:
        return await self._resources.list(self._resource, request)

    async def cancel(self, request: Any) -> Any:
        return await self._resources.cancel(self._resource, request.name)

    async def delete(self, request: Any) -> Any:
        return await self._resources.delete(self._resource, request.name)

    def methods(self) -> dict[str, Callable[..., Any]]:
        """`{"CreateCustomJob": …, "ListCustomJobs": …}`."""
        word = self._resource.word
        return {
            f"Create{word}": self.create,
            f"Get{word}": self.get,
            f"List{word}s": self.list,
            f"Cancel{word}": self.cancel,
            f"Delete{word}": self.delete,
        }


async def listed(resource: Resource, request: Any, found: list[Record], jobs: Jobs) -> Any:
    """The response to a list request; the filter is over the resources in their JSON form. Only the jobs of the page
    are read whole."""
    order_by = getattr(request, "order_by", "")
    read = _as_json if request.filter or order_by else _name_only
    chosen = ordered(matching([read(resource, job) for job in found], request.filter), order_by)
    bound_to = f"{resource.kind} {request.parent} {request.filter}"
    names, token = page(chosen, request.page_size, request.page_token, bound_to)
    by_name = {job["client"]["name"]: job for job in found}
    response = resource.message(f"List{resource.word}sResponse")(next_page_token=token)
    repeated = getattr(response, response.DESCRIPTOR.fields[0].name)
    shown = await jobs.whole(by_name[item["name"]] for item in names)
    repeated.extend(as_message(resource, job) for job in shown)
    return response


def as_message(resource: Resource, job: Record) -> Any:
    """The resource as it was created, and what has become of it."""
    from google.protobuf.json_format import ParseDict

    from submit.emulator.rpc.messages import pool

    message = resource.message(resource.word)()
    # A field that only the other version has is not shown by this one.
    ParseDict(job["client"]["body"], message, ignore_unknown_fields=True, descriptor_pool=pool())
    message.name = job["client"]["name"]
    message.state = enum_numbers(f"{resource.package}.{resource.states}")[_state(resource, job)]
    fill_times(message, job)
    if job["state"] in ("FAILED", "CANCELLED"):
        fill_error(message.error, job)
    resource.fill(message, job)
    return message


def known_location(parent: str) -> Location:
    location = Location.parse(parent)
    if location.region not in catalogue.regions():
        raise bad_request(f"The provided location ID `{location.region}` is not a location of Vertex AI.")
    refuse_other_endpoint(location.region)
    return location


def engine_id(name: str) -> str:
    return f"vertex-{name.rpartition('/')[2]}"


def _name_only(_: Resource, job: Record) -> Record:
    return {"name": job["client"]["name"]}


def _as_json(resource: Resource, job: Record) -> Record:
    """What lists are filtered and ordered by. Messages of all jobs, of which a page shows few, would take long."""
    times = {"createTime": job["create_time"], "startTime": job["start_time"], "endTime": job["end_time"]}
    return {**job["client"]["body"], "name": job["client"]["name"], "state": _state(resource, job), **times}


def _state(resource: Resource, job: Record) -> str:
    """`JOB_STATE_RUNNING`."""
    return f"{_prefix(resource.states)}_{STATES[job['state']]}"


@cache
def _prefix(states: str) -> str:
    """`JobState` -> `JOB_STATE`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", states).upper()
