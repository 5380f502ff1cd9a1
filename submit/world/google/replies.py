"""Answers of Google's APIs: their JSON, or the error that they stand for.

https://cloud.google.com/apis/design/errors
"""

from __future__ import annotations

import contextlib
import json
from typing import cast

from submit.errors import ErrorKind, ServiceError, UnansweredError
from submit.status import Json, JsonObject

_KINDS = {
    "INVALID_ARGUMENT": ErrorKind.INVALID,
    "FAILED_PRECONDITION": ErrorKind.INVALID,
    "OUT_OF_RANGE": ErrorKind.INVALID,
    "NOT_FOUND": ErrorKind.NOT_FOUND,
    "ALREADY_EXISTS": ErrorKind.EXISTS,
    "PERMISSION_DENIED": ErrorKind.DENIED,
    "UNAUTHENTICATED": ErrorKind.DENIED,
    "RESOURCE_EXHAUSTED": ErrorKind.QUOTA,
    "ABORTED": ErrorKind.TRANSIENT,
    "DEADLINE_EXCEEDED": ErrorKind.TRANSIENT,
    "UNAVAILABLE": ErrorKind.TRANSIENT,
    "INTERNAL": ErrorKind.TRANSIENT,
    "UNIMPLEMENTED": ErrorKind.INTERNAL,
}
_CODES = {
    400: ErrorKind.INVALID,
    401: ErrorKind.DENIED,
    403: ErrorKind.DENIED,
    404: ErrorKind.NOT_FOUND,
    408: ErrorKind.TRANSIENT,
    409: ErrorKind.EXISTS,
    412: ErrorKind.EXISTS,
    429: ErrorKind.QUOTA,
    501: ErrorKind.INTERNAL,
}
_MAYBE_DONE = (502, 504)
"""A server in between has waited in vain: the error "may be returned even if the operation has completed successfully".
https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto"""
_LARGE_BYTES = 1 << 15
_NO_STOCK = ("resources are insufficient", "stockout", "does not have enough resources", "resource_pool_exhausted")
_HINTS = {
    401: "Log in with `gcloud auth application-default login`.",
    403: "Ask for the role Vertex AI User (roles/aiplatform.user), or log in as somebody who has it.",
}
_HINTS_OF_KINDS = {
    ErrorKind.NOT_FOUND: "`submit jobs list` shows what there is.",
    ErrorKind.QUOTA: "Wait a little, or ask for more: https://console.cloud.google.com/iam-admin/quotas",
    ErrorKind.STOCK_OUT: "Name other machines or regions as `fallbacks` in the config, or try again later.",
    ErrorKind.TRANSIENT: "The service has trouble: run the command again in a while.",
    ErrorKind.INTERNAL: "Look at the address: is it the service's, or is something between here and there?",
}


def read(status: int, body: bytes, about: str) -> Json:
    """The JSON of an answer; a `ServiceError` of its kind, with Google's own words, if it is a refusal.

    `about` says in a few words what was asked, for refusals that do not explain themselves.
    """
    if status < 300:
        return _json(body, about)
    raise _refusal(status, body, about)


def _json(body: bytes, about: str) -> Json:
    if not body.strip():
        return {}
    try:
        return _parsed(body)
    except ValueError:
        message = f"{about}: the answer is not JSON: {' '.join(body[:200].decode('utf-8', 'replace').split())}"
        hint = "Something between here and the service may have answered instead: look at the network and its proxies."
        raise UnansweredError(message, kind=ErrorKind.TRANSIENT, hint=hint) from None


def _parsed(body: bytes) -> Json:
    """A page of a log is large; orjson, if it is installed, takes half the time, and refuses some that is read here."""
    if len(body) >= _LARGE_BYTES:
        with contextlib.suppress(ImportError, ValueError):
            import orjson

            return cast(Json, orjson.loads(body))
    return cast(Json, json.loads(body))


def _refusal(status: int, body: bytes, about: str) -> ServiceError:
    error = _error(body)
    words = str(error.get("message") or body[:500].decode("utf-8", "replace").strip() or f"HTTP {status}")
    kind = kind_of(status, str(error.get("status") or ""), words)
    hint = _HINTS.get(status) or _HINTS_OF_KINDS.get(kind, "")
    error_type = UnansweredError if status in _MAYBE_DONE else ServiceError
    return error_type(f"{about}: {words.strip().removesuffix('.')}", kind=kind, hint=hint)


def kind_of(status: int, name: str, words: str) -> ErrorKind:
    """Of Google's status, else of the HTTP code; being out of stock is only to be seen in the words."""
    kind = _KINDS.get(name) or _CODES.get(status) or (ErrorKind.TRANSIENT if status >= 500 else ErrorKind.INVALID)
    if kind in (ErrorKind.QUOTA, ErrorKind.TRANSIENT) and any(text in words.lower() for text in _NO_STOCK):
        return ErrorKind.STOCK_OUT
    return kind


def _error(body: bytes) -> JsonObject:
    """The `error` object of an envelope, empty if it is something else, as storage and proxies answer at times."""
    try:
        envelope = json.loads(body)
    except ValueError:
        return {}
    error = envelope.get("error") if isinstance(envelope, dict) else None
    return error if isinstance(error, dict) else {}
