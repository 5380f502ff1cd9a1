"""What is wrong with a request, field by field, and Vertex AI's way to say it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from submit.emulator.rpc.errors import bad_request

_MAX_LABELS, _MAX_LENGTH, _MAX_NAME = 64, 64, 128
_VALUE = re.compile(r"[\w-]*")


class Problem(NamedTuple):
    """`field` is a path in snake_case: `job_spec.worker_pool_specs[0].machine_spec`."""

    field: str
    message: str


def refuse(problems: Iterable[Problem]) -> None:
    """Raises INVALID_ARGUMENT if there are any."""
    found = list(problems)
    if found:
        lines = [f"{n}.Field: {problem.field}; Message: {problem.message}" for n, problem in enumerate(found, 1)]
        raise bad_request("List of found errors:\t" + "".join(f"{line}\t" for line in lines), *found)


def display_name(name: str) -> Iterator[Problem]:
    if not name:
        yield Problem("display_name", "Required field is not set.")
    elif len(name) > _MAX_NAME:
        yield Problem("display_name", f"The display name must have at most {_MAX_NAME} characters.")


def labels(given: Mapping[str, str]) -> Iterator[Problem]:
    """https://cloud.google.com/vertex-ai/docs/general/labels"""
    if len(given) > _MAX_LABELS or not all(_is_key(key) and _is_label(value) for key, value in given.items()):
        yield Problem("labels", _LABELS)


_LABELS = (
    "There can be no more than 64 labels attached to a single resource. Label keys and values can only contain "
    "lowercase letters, numbers, dashes and underscores. Label keys must start with a letter or number, must be less "
    "than 64 characters in length, and must be less than 128 bytes in length when encoded in UTF-8. Label values must "
    "be less than 64 characters in length, and must be less than 128 bytes in length when encoded in UTF-8."
)


def _is_key(key: str) -> bool:
    return bool(key) and key[0].isalnum() and _is_label(key)


def _is_label(text: str) -> bool:
    fits = len(text) <= _MAX_LENGTH and len(text.encode()) <= 2 * _MAX_LENGTH
    return fits and text == text.lower() and _VALUE.fullmatch(text) is not None
