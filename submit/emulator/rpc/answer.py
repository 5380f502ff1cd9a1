"""An answer that knows both of its forms, where one by way of the other would take too long."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol, runtime_checkable


class JsonText(NamedTuple):
    data: bytes


@runtime_checkable
class Answer(Protocol):
    """A method may give one instead of a message."""

    def to_json(self) -> dict[str, Any]:
        """As Google's JSON form of the message; times with nine digits of a second."""

    def to_text(self) -> JsonText:
        """The same as it is sent."""

    def to_message(self) -> Any: ...


def message_of(answer: Any) -> Any:
    return answer.to_message() if isinstance(answer, Answer) else answer
