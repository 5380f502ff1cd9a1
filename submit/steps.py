"""Steps, the hinge between deciding and doing.

A backend's verb is a *conversation*: a generator that yields steps, is sent their replies, and returns a value. It
touches nothing. `carry_out` lets a world perform the steps; `preview` only collects them, so a dry run is the run
without its last move.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar

from submit.status import Json, JsonObject

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """Bytes to an object (`gs://…`) or a path; skipped if it is there with the same digest. Reply: None.

    `host` is the machine whose path it is, as ssh names it; empty for this one. `~/` is the user's home there.
    """

    data: bytes = field(repr=False)
    to: str
    digest: str
    host: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A method of a provider's API with its JSON request. Reply: its JSON response.

    `assumed` stands for the response in a dry run. `changes`: the call creates, changes or ends something. `creates`
    is for the call that makes the job: the key by which its backend would find that job again if no answer came.
    """

    api: str
    method: str
    request: JsonObject
    assumed: Json = None
    changes: bool = False
    creates: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A program to run, in the user's home folder. Reply: its standard output as text; an exit code other than 0 is a
    `CommandError`.

    `host` is the machine that it runs on, as ssh names it; empty for this one. `creates` is that of `Call`.
    """

    argv: tuple[str, ...]
    host: str = ""
    timeout_s: float = 60.0
    stdin: str = ""
    assumed: str = ""
    changes: bool = True
    creates: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """The log of a job of this machine's engine, or a file (an absolute path), from a position on.

    Waits up to `wait_s` seconds for something new. `file` says which one the position is of, for files that may be
    rotated. Reply: `{"data": <text>, "position": <next>}` and more, see the doors.
    """

    source: str
    position: int
    wait_s: float = 0.0
    limit: int = 1 << 17
    file: str = ""


Step: TypeAlias = Upload | Call | Command | Read
Reply: TypeAlias = Json
Conversation: TypeAlias = Generator[Step, Reply, T]
Perform: TypeAlias = Callable[[Step], Reply]


def carry_out(conversation: Conversation[T], perform: Perform) -> T:
    """Performs every step of a conversation and returns its value; a failed step is raised inside of it."""
    try:
        step = next(conversation)
        while True:
            try:
                reply = perform(step)
            except Exception as error:  # noqa: BLE001 - the conversation may know what to do; else it comes out here
                step = conversation.throw(error)
            else:
                step = conversation.send(reply)
    except StopIteration as end:
        value: T = end.value
        return value


def preview(conversation: Conversation[T]) -> tuple[list[Step], T]:
    """All steps that `carry_out` would take, and the value that it would return if nothing fails."""
    steps: list[Step] = []

    def assume(step: Step) -> Reply:
        steps.append(step)
        match step:
            case Call() | Command():
                return step.assumed
            case Read():
                return {"data": "", "position": step.position}
            case Upload():
                return None

    return steps, carry_out(conversation, assume)
