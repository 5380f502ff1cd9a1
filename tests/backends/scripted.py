"""A service that answers as the test has written down."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import cast

from submit.errors import ErrorKind, ServiceError
from submit.logs import times
from submit.steps import Call, Reply, Step


class Service:
    """Answers each call with the next of the replies scripted for its method, the last one again and again.

    Its clock is moved by pauses alone.
    """

    def __init__(self, **replies: Iterable[Reply | Exception]) -> None:
        self._replies = {method: list(answers) for method, answers in replies.items()}
        self.steps: list[Step] = []
        self.now = datetime(2026, 11, 21, 6, tzinfo=UTC)

    def __call__(self, step: Step) -> Reply:
        self.steps.append(step)
        if not isinstance(step, Call):
            return None
        if step.api == "clock":
            return self._clock(step)
        answers = self._replies[step.method.rpartition(".")[2] if step.api != "storage" else step.method.split(".")[0]]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _clock(self, step: Call) -> Reply:
        if step.method == "pause":
            self.now += timedelta(seconds=cast(float, step.request["seconds"]))
            return {}
        return {"now": times.of(self.now)}

    def calls(self) -> list[str]:
        methods = (step.method for step in self.steps if isinstance(step, Call))
        return [method.removeprefix("projects.").removeprefix("locations.") for method in methods]

    def requests(self, method: str) -> list[Reply]:
        """Those of a method, by the end of its name."""
        return [step.request for step in self.steps if isinstance(step, Call) and step.method.endswith(method)]


def failure(kind: ErrorKind) -> ServiceError:
    return ServiceError("no", kind=kind)
