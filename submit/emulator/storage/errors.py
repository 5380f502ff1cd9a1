"""Refusals in the words and the envelope of Cloud Storage: https://cloud.google.com/storage/docs/json_api/v1/status-codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

REASONS = {
    304: "notModified",
    400: "invalid",
    404: "notFound",
    405: "methodNotAllowed",
    409: "conflict",
    412: "conditionNotMet",
    413: "uploadTooLarge",
    416: "requestedRangeNotSatisfiable",
    499: "clientClosedRequest",
    501: "notImplemented",
    503: "backendError",
}


class StorageError(Exception):
    """A request that is not carried out; `code` is the HTTP status, `headers` go with the answer."""

    def __init__(self, code: int, message: str, reason: str = "", headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.code, self.message = code, message
        self.reason = reason or REASONS.get(code, "backendError")
        self.headers = dict(headers or {})

    def envelope(self) -> dict[str, Any]:
        first = {"message": self.message, "domain": "global", "reason": self.reason}
        return {"error": {"code": self.code, "message": self.message, "errors": [first]}}


def invalid(message: str, reason: str = "") -> StorageError:
    return StorageError(400, message, reason)


def no_bucket() -> StorageError:
    return StorageError(404, "The specified bucket does not exist.")


def no_object(bucket: str, name: str) -> StorageError:
    return StorageError(404, f"No such object: {bucket}/{name}")


def no_session() -> StorageError:
    return StorageError(404, "The upload session does not exist; it was finished, cancelled, or never begun.")
