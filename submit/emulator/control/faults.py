"""Faults that were asked for: which calls are to fail, how, and how often.

The model is the retry test API of https://github.com/googleapis/storage-testbench.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

STATUSES = {
    "400": ("INVALID_ARGUMENT", "Request contains an invalid argument."),
    "401": ("UNAUTHENTICATED", "Request had invalid authentication credentials."),
    "403": ("PERMISSION_DENIED", "The caller does not have permission"),
    "404": ("NOT_FOUND", "Requested entity was not found."),
    "409": ("ABORTED", "The operation was aborted."),
    "429": ("RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."),
    "500": ("INTERNAL", "Internal error encountered."),
    "501": ("UNIMPLEMENTED", "Operation is not implemented, or supported, or enabled."),
    "502": ("UNAVAILABLE", "Bad Gateway"),
    "503": ("UNAVAILABLE", "The service is currently unavailable."),
    "504": ("DEADLINE_EXCEEDED", "Deadline expired before operation could complete."),
}
"""HTTP status: name of the code, and the words that Google's front end has for it."""

WORDS = {
    "hang": "nothing is done, and nothing answered until the client gives up",
    "hang-after": "the call is carried out, and nothing answered until the client gives up",
    "reset": "the connection is cut (TCP reset) before anything is done",
    "reset-during": "the call is carried out, and the connection cut in the middle of the response",
    "reset-after": "the call is carried out, and the connection cut before the response",
    "truncate": "the call is carried out, and the connection closed in an orderly way after half of the body",
    "html": "nothing is done, and a web page is answered with status 200, as a captive proxy does",
}
ANSWERS = (*STATUSES, *WORDS)

ACTS = ("hang-after", "reset-during", "reset-after", "truncate")
"""The call is carried out; only the client does not learn it."""


class FaultError(ValueError):
    """What was asked for is no fault; the lines say everything that is wrong."""


@dataclass(kw_only=True)
class Fault:
    """`count` calls (None: all, until it is cleared) fail, after `after` calls have passed; each with `probability`.

    `hits` is how often it has struck. `retry_after_s` is told to the client.
    """

    id: str
    method: str
    answer: str
    count: int | None = 1
    after: int = 0
    retry_after_s: float | None = None
    probability: float = 1.0
    seed: int | None = None
    hits: int = 0
    _random: random.Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 - chance that can be repeated, not a secret

    @property
    def spent(self) -> bool:
        return self.count is not None and self.hits >= self.count

    def names(self, names: Iterable[str]) -> bool:
        return fits(self.method, names)

    def strikes(self) -> bool:
        """Asked once for each call that it names."""
        if self.after > 0:
            self.after -= 1
            return False
        if self._random.random() >= self.probability:
            return False
        self.hits += 1
        return True

    def to_json(self) -> dict[str, Any]:
        shown = {"id": self.id, "method": self.method, "answer": self.answer, "hits": self.hits}
        optional = {"after": self.after, "retryAfter": self.retry_after_s, "seed": self.seed}
        chance = {} if self.probability == 1.0 else {"probability": self.probability}
        left = {} if self.count is None else {"left": self.count - self.hits}
        return {**shown, **left, **chance, **{key: value for key, value in optional.items() if value}}


def fits(pattern: str, names: Iterable[str]) -> bool:
    """Case does not count."""
    pattern = pattern.lower()
    return any(fnmatchcase(name.lower(), pattern) for name in names)


class FaultBook:
    """The faults that are still to strike. Of several that name a call, the oldest that strikes is taken."""

    def __init__(self) -> None:
        self._faults: dict[str, Fault] = {}
        self._numbers = itertools.count(1)

    def add(self, body: Any) -> Fault:
        """Raises FaultError."""
        fault = Fault(id=str(next(self._numbers)), **_parsed(body))
        self._faults[fault.id] = fault
        return fault

    def all(self) -> list[Fault]:
        return list(self._faults.values())

    def remove(self, id: str) -> bool:  # noqa: A002 - the API's word
        return self._faults.pop(id, None) is not None

    def clear(self) -> None:
        self._faults.clear()

    def take(self, names: Iterable[str]) -> Fault | None:
        """The fault that strikes a call with these names."""
        names = tuple(names)
        for fault in self.all():
            if fault.names(names) and fault.strikes():
                if fault.spent:
                    self.remove(fault.id)
                return fault
        return None

    def __bool__(self) -> bool:
        return bool(self._faults)


def _parsed(body: Any) -> dict[str, Any]:
    if not isinstance(body, Mapping):
        raise FaultError("a fault is a JSON object with `method` and `answer`")
    wrong = [*_unknown(body), *_wrong_words(body), *_wrong_numbers(body)]
    if wrong:
        raise FaultError("\n".join(wrong))
    values = {name: body[key] for key, name in _FIELDS.items() if body.get(key) is not None}
    values["answer"] = str(values["answer"])
    # With a chance one asks for a period, not for a call.
    values.setdefault("count", None if "probability" in values else 1)
    values["count"] = values["count"] or None
    return values


_FIELDS = {
    "method": "method",
    "answer": "answer",
    "count": "count",
    "after": "after",
    "retryAfter": "retry_after_s",
    "probability": "probability",
    "seed": "seed",
}


def _unknown(body: Mapping[str, Any]) -> Iterator[str]:
    for key in body:
        if key not in _FIELDS:
            yield f"`{key}` is not a key of a fault: {', '.join(_FIELDS)}"


def _wrong_words(body: Mapping[str, Any]) -> Iterator[str]:
    if not isinstance(body.get("method"), str) or not body["method"].strip():
        yield "`method` is missing, e.g. `aiplatform.customJobs.create`, `storage.objects.*`"
    if str(body.get("answer")) not in ANSWERS:
        yield f"`{body.get('answer', '')}` is not an answer: {', '.join(ANSWERS)}"


def _wrong_numbers(body: Mapping[str, Any]) -> Iterator[str]:
    for key in ("count", "after", "seed"):
        if not _is_number(body.get(key, 0), int):
            yield f"`{key}` is a whole number from 0 on"
    if not _is_number(body.get("retryAfter", 0), int | float):
        yield "`retryAfter` is a number of seconds"
    chance = body.get("probability", 1)
    if not _is_number(chance, int | float) or (chance or 0) > 1:
        yield "`probability` is a number from 0 to 1"


def _is_number(value: object, kind: Any) -> bool:
    if value is None:
        return True
    return isinstance(value, kind) and not isinstance(value, bool) and value >= 0
