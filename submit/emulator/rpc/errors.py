"""Google's error model: https://google.aip.dev/193."""

from __future__ import annotations

from typing import Any

from submit.emulator.rpc.messages import message_class, pool

CODES = {
    # name: (number of google.rpc.Code, HTTP status)
    "CANCELLED": (1, 499),
    "UNKNOWN": (2, 500),
    "INVALID_ARGUMENT": (3, 400),
    "DEADLINE_EXCEEDED": (4, 504),
    "NOT_FOUND": (5, 404),
    "ALREADY_EXISTS": (6, 409),
    "PERMISSION_DENIED": (7, 403),
    "RESOURCE_EXHAUSTED": (8, 429),
    "FAILED_PRECONDITION": (9, 400),
    "ABORTED": (10, 409),
    "OUT_OF_RANGE": (11, 400),
    "UNIMPLEMENTED": (12, 501),
    "INTERNAL": (13, 500),
    "UNAVAILABLE": (14, 503),
    "DATA_LOSS": (15, 500),
    "UNAUTHENTICATED": (16, 401),
}
"""https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto"""


class RpcError(Exception):
    """A refusal as clients see it. `code` is a name in `CODES`, `details` are messages of `google.rpc`."""

    def __init__(self, code: str, message: str, details: tuple[Any, ...] = ()) -> None:
        super().__init__(message)
        self.code, self.message, self.details = code, message, details

    @property
    def number(self) -> int:
        return CODES[self.code][0]

    @property
    def http_status(self) -> int:
        return CODES[self.code][1]

    def to_status(self) -> Any:
        """A `google.rpc.Status`."""
        status = message_class("google.rpc.Status")(code=self.number, message=self.message)
        for detail in self.details:
            status.details.add().Pack(detail)
        return status

    def to_json(self) -> dict[str, Any]:
        """REST's envelope."""
        from google.protobuf.json_format import MessageToDict

        error: dict[str, Any] = {"code": self.http_status, "message": self.message, "status": self.code}
        if self.details:
            error["details"] = MessageToDict(self.to_status(), descriptor_pool=pool())["details"]
        return {"error": error}


def bad_request(message: str, *violations: tuple[str, str]) -> RpcError:
    """INVALID_ARGUMENT; each violation is a field's path and what is wrong with it."""
    fields = [{"field": field, "description": description} for field, description in violations]
    details = (message_class("google.rpc.BadRequest")(field_violations=fields),) if fields else ()
    return RpcError("INVALID_ARGUMENT", message, details)


def retry_info(delay_s: float) -> Any:
    """The detail that says how long to wait."""
    info = message_class("google.rpc.RetryInfo")()
    info.retry_delay.FromMilliseconds(round(delay_s * 1000))
    return info


def not_found(message: str) -> RpcError:
    return RpcError("NOT_FOUND", message)


def unimplemented(what: str) -> RpcError:
    return RpcError("UNIMPLEMENTED", f"{what} is not implemented by this emulator.")
