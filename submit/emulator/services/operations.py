"""Long-running operations, which here are done when they are answered: https://google.aip.dev/151."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from submit.emulator.rpc.errors import not_found
from submit.emulator.rpc.messages import message_class
from submit.emulator.rpc.transcoding import merge_dict, to_json
from submit.emulator.services.jobs import Location, Numbers
from submit.emulator.services.listing import page
from submit.emulator.services.records import Records

_KIND = "operations"


class Operations:
    """`google.longrunning.Operations`. They are kept, so that clients can poll them."""

    def __init__(self, records: Records, numbers: Numbers) -> None:
        self._records, self._numbers = records, numbers

    def done(self, location: Location, response: Any, metadata: Any) -> Any:
        """An operation that has ended with that response."""
        operation = message_class("google.longrunning.Operation")(done=True)
        operation.name = f"{location}/operations/{self._numbers.next()}"
        metadata.generic_metadata.create_time.GetCurrentTime()
        metadata.generic_metadata.update_time.GetCurrentTime()
        operation.metadata.Pack(metadata)
        operation.response.Pack(response)
        self._records.put(_KIND, operation.name, to_json(operation))
        return operation

    async def get(self, request: Any) -> Any:
        data = self._records.get(_KIND, request.name)
        if data is None:
            raise not_found(f'The Operation "{request.name}" does not exist.')
        operation = message_class("google.longrunning.Operation")()
        merge_dict(operation, data)
        return operation

    async def list(self, request: Any) -> Any:
        parent = request.name.removesuffix("/operations")
        below = [data for data in self._records.all(_KIND) if data["name"].startswith(f"{parent}/")]
        found, token = page(below, request.page_size, request.page_token, f"{request.name} {request.filter}")
        response = message_class("google.longrunning.ListOperationsResponse")(next_page_token=token)
        for data in found:
            merge_dict(response.operations.add(), data)
        return response

    async def cancel(self, request: Any) -> Any:
        """What is done cannot be cancelled, which is no error."""
        await self.get(request)
        return message_class("google.protobuf.Empty")()

    async def delete(self, request: Any) -> Any:
        await self.get(request)
        self._records.delete(_KIND, request.name)
        return message_class("google.protobuf.Empty")()

    def methods(self) -> dict[str, Callable[..., Any]]:
        return {
            "GetOperation": self.get,
            "WaitOperation": self.get,
            "ListOperations": self.list,
            "CancelOperation": self.cancel,
            "DeleteOperation": self.delete,
        }
