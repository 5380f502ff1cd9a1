"""`persistentResources` of Vertex AI: machines that are kept for several jobs. Here they are names that jobs may use.

https://cloud.google.com/vertex-ai/docs/reference/rest/v1/projects.locations.persistentResources
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from submit.emulator.rpc.errors import RpcError, bad_request, not_found
from submit.emulator.rpc.messages import enum_numbers, message_class
from submit.emulator.rpc.transcoding import merge_dict, to_json
from submit.emulator.services import identities, machines, problems
from submit.emulator.services.jobs import Location
from submit.emulator.services.listing import page
from submit.emulator.services.operations import Operations
from submit.emulator.services.problems import Problem
from submit.emulator.services.records import Record, Records
from submit.emulator.services.resources import known_location

KIND = "persistentResources"
_ID = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
_CHANGEABLE = {"display_name", "labels", "resource_pools"}


class PersistentResources:
    """`version` is `v1` or `v1beta1`; both show the same resources."""

    def __init__(self, records: Records, operations: Operations, version: str) -> None:
        self._records, self._operations = records, operations
        self._package = f"google.cloud.aiplatform.{version}"

    async def create(self, request: Any) -> Any:
        location = known_location(request.parent)
        name = f"{request.parent}/{KIND}/{request.persistent_resource_id}"
        if not _ID.fullmatch(request.persistent_resource_id):
            raise bad_request(f"The persistent resource ID must match `{_ID.pattern}`.", ("persistent_resource_id", ""))
        if self._records.get(KIND, name):
            raise RpcError("ALREADY_EXISTS", f'The PersistentResource "{name}" already exists.')
        resource = request.persistent_resource
        problems.refuse([*_problems(resource), *identities.key(resource.encryption_spec.kms_key_name, location.region)])
        resource.name = name
        resource.state = enum_numbers(f"{self._package}.PersistentResource.State")["RUNNING"]
        resource.create_time.GetCurrentTime()
        resource.start_time.CopyFrom(resource.create_time)
        return self._changed(resource, "Create", location)

    async def get(self, request: Any) -> Any:
        return self._message(self._record(request.name))

    async def list(self, request: Any) -> Any:
        below = [data for data in self._records.all(KIND) if data["name"].startswith(f"{request.parent}/")]
        found, token = page(below, request.page_size, request.page_token, f"{KIND} {request.parent}")
        response = message_class(f"{self._package}.ListPersistentResourcesResponse")(next_page_token=token)
        response.persistent_resources.extend(map(self._message, found))
        return response

    async def update(self, request: Any) -> Any:
        resource = self._message(self._record(request.persistent_resource.name))
        if unknown := set(request.update_mask.paths) - _CHANGEABLE:
            raise bad_request(f"These fields cannot be updated: {', '.join(sorted(unknown))}.", ("update_mask", ""))
        request.update_mask.MergeMessage(request.persistent_resource, resource, True, True)
        problems.refuse(_problems(resource))
        return self._changed(resource, "Update", Location.parse(resource.name))

    async def reboot(self, request: Any) -> Any:
        resource = self._message(self._record(request.name))
        return self._changed(resource, "Reboot", Location.parse(request.name))

    async def delete(self, request: Any) -> Any:
        self._records.delete(KIND, self._record(request.name)["name"])
        metadata = message_class(f"{self._package}.DeleteOperationMetadata")()
        return self._operations.done(Location.parse(request.name), message_class("google.protobuf.Empty")(), metadata)

    def methods(self) -> dict[str, Callable[..., Any]]:
        return {
            "CreatePersistentResource": self.create,
            "GetPersistentResource": self.get,
            "ListPersistentResources": self.list,
            "UpdatePersistentResource": self.update,
            "RebootPersistentResource": self.reboot,
            "DeletePersistentResource": self.delete,
        }

    def _changed(self, resource: Any, verb: str, location: Location) -> Any:
        resource.update_time.GetCurrentTime()
        self._records.put(KIND, resource.name, to_json(resource))
        metadata = message_class(f"{self._package}.{verb}PersistentResourceOperationMetadata")()
        return self._operations.done(location, resource, metadata)

    def _record(self, name: str) -> Record:
        record = self._records.get(KIND, name)
        if record is None:
            raise not_found(f'The PersistentResource "{name}" does not exist.')
        return record

    def _message(self, record: Record) -> Any:
        message = message_class(f"{self._package}.PersistentResource")()
        merge_dict(message, record)
        return message


def _problems(resource: Any) -> Iterator[Problem]:
    yield from problems.labels(resource.labels)
    if not resource.resource_pools:
        yield Problem("resource_pools", "Required field is not set.")
    for index, pool in enumerate(resource.resource_pools):
        path = f"resource_pools[{index}]"
        yield from machines.machine_problems(pool.machine_spec, f"{path}.machine_spec")
        yield from machines.disk_problems(pool.disk_spec, f"{path}.disk_spec")
        if pool.replica_count < 1 and not pool.HasField("autoscaling_spec"):
            yield Problem(f"{path}.replica_count", "Required field is not set.")
