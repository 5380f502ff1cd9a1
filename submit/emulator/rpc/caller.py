"""Who calls: what a method may want to know about the request beside its message."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from typing import NamedTuple

_GCLOUD = re.compile(r"command/gcloud\.(\S+) invocation-id/(\S+)")


class Caller(NamedTuple):
    """`headers` (gRPC: metadata) have names in lower case; `hung_up` waits until the client has gone (REST only)."""

    headers: Mapping[str, str]
    hung_up: Callable[[], Awaitable[object]] | None = None

    @property
    def user_agent(self) -> str:
        """With gcloud it names the command and the run: `… command/gcloud.ai.custom-jobs.create invocation-id/…`."""
        return self.headers.get("user-agent", "")

    @property
    def gcloud(self) -> tuple[str, str]:
        """gcloud's command (`ai.custom-jobs.create`) and the id of its run; two empty texts for others."""
        match = _GCLOUD.search(self.user_agent)
        return (match[1], match[2]) if match else ("", "")


caller: ContextVar[Caller] = ContextVar("caller", default=Caller({}))  # noqa: B039 - nobody changes it
