"""What can go wrong, as values: a sentence, the place that it is about, and what to do.

`submit.cli.errors` alone turns these into text and an exit code.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Literal, NamedTuple


class Place(NamedTuple):
    """Where a value was written; line and column count from 1, 0 means that they are not known."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return ":".join([self.file, *(str(n) for n in (self.line, self.column) if n)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong (or, as a warning, worth knowing) and what to do about it.

    `path` is the key in a config, e.g. `trainingInput.masterType`; `message` starts in lower case and has
    no full stop; `hint` is a sentence of its own.
    """

    message: str
    place: Place | None = None
    path: str = ""
    hint: str = ""
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        key = f"{self.path}: " if self.path else ""
        return f"{where}{key}{self.message}"


class SubmitError(Exception):
    """The base of all errors that are meant for people; carries every problem that was found, not only the first."""

    exit_code: ClassVar[int] = 3

    def __init__(self, problems: str | Problem | Iterable[Problem], *, hint: str = "") -> None:
        if isinstance(problems, str):
            problems = Problem(message=problems, hint=hint)
        self.problems = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class UsageError(SubmitError):
    """The command line, the config or the package cannot be used as it stands; nothing was sent."""

    exit_code: ClassVar[int] = 2


def raise_errors(problems: Collection[Problem]) -> None:
    """A `UsageError` with all of them, warnings as well, if one is an error."""
    if any(problem.severity == "error" for problem in problems):
        raise UsageError(problems)


class ErrorKind(StrEnum):
    """What a failed call to a service means for the caller."""

    INVALID = "invalid"
    NOT_FOUND = "not found"
    EXISTS = "exists"
    DENIED = "denied"
    QUOTA = "quota"
    STOCK_OUT = "stock-out"
    TRANSIENT = "transient"
    INTERNAL = "internal"


class ServiceError(SubmitError):
    """A service, the engine or a tool said no."""

    def __init__(self, message: str | Problem, *, kind: ErrorKind, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.kind = kind


class UnsentError(ServiceError):
    """The service was never reached: whatever was asked of it has not been done."""


class UnansweredError(ServiceError):
    """The request was sent, and no answer of the service came: it may have been done, or may yet be."""


class RefusedError(ServiceError):
    """What was to be created was refused, or could not be asked for: it is certain that there is none."""


class CommandError(ServiceError):
    """A program ended with another exit code than 0. `code`; `output` is what it wrote to standard error."""

    def __init__(self, message: str, *, code: int, output: str) -> None:
        super().__init__(message, kind=ErrorKind.INTERNAL)
        self.code, self.output = code, output
