"""Who calls: what a method may want to know about the request beside its message."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from typing import NamedTuple


class Caller(NamedTuple):
    """`headers` (gRPC: metadata) have names in lower case."""

    protocol: str
    headers: Mapping[str, str]

    @property
    def user_agent(self) -> str:
        """With gcloud it names the command and the run: `… command/gcloud.ai.custom-jobs.create invocation-id/…`."""
        return self.headers.get("user-agent", "")


caller: ContextVar[Caller] = ContextVar("caller", default=Caller("", {}))  # noqa: B039 - nobody changes it
