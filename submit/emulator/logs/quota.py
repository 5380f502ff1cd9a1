"""How many reads a project has in a minute: https://cloud.google.com/logging/quotas#api-limits."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Iterable

from submit.emulator.logs.settings import Controls
from submit.emulator.rpc.errors import RpcError
from submit.emulator.rpc.messages import message_class

_MINUTE_S = 60.0


class ReadQuota:
    def __init__(self, controls: Controls) -> None:
        self._controls = controls
        self._reads: defaultdict[str, deque[float]] = defaultdict(deque)

    def use(self, projects: Iterable[str]) -> None:
        """Raises RESOURCE_EXHAUSTED if one of the projects has used it up within the last minute."""
        limit = self._controls.settings.list_quota_per_minute
        if limit is None:
            self._reads.clear()
            return
        now = time.monotonic()
        for project in projects:
            reads = self._reads[project]
            while reads and reads[0] <= now - _MINUTE_S:
                reads.popleft()
            if len(reads) >= limit:
                raise _exceeded(project, limit)
            reads.append(now)


def _exceeded(project: str, limit: int) -> RpcError:
    what = "quota metric 'Read requests' and limit 'Read requests per minute' of service 'logging.googleapis.com'"
    metadata = {
        "service": "logging.googleapis.com",
        "consumer": f"projects/{project}",
        "quota_metric": "logging.googleapis.com/read_requests",
        "quota_limit": "ReadRequestsPerMinutePerProject",
        "quota_limit_value": str(limit),
    }
    info = message_class("google.rpc.ErrorInfo")(
        reason="RATE_LIMIT_EXCEEDED", domain="googleapis.com", metadata=metadata
    )
    return RpcError("RESOURCE_EXHAUSTED", f"Quota exceeded for {what} for consumer 'projects/{project}'.", (info,))
