"""Which entries somebody wants to see."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from submit.logs.fields import with_fields
from submit.logs.severity import RANKS
from submit.status import LogEntry


class Selection(NamedTuple):
    """Everything that is given must hold. `severity` is the least one, `since` a time of the normal form; `replica`
    is the whole name, or one without its number for all of a pool."""

    replica: str | None = None
    severity: str | None = None
    since: str = ""
    pattern: re.Pattern[str] | None = None

    def of(self, entries: Sequence[LogEntry]) -> Sequence[LogEntry]:
        if self.since:
            entries = [entry for entry in entries if entry.timestamp >= self.since]
        if self.replica:
            whole, pool = self.replica, f"{self.replica}-"
            entries = [entry for entry in entries if entry.replica == whole or entry.replica.startswith(pool)]
        if self.severity:
            least = RANKS[self.severity]
            entries = [entry for entry in entries if RANKS.get(entry.severity, 0) >= least]
        if self.pattern:
            search = self.pattern.search
            entries = [entry for entry in entries if search(with_fields(entry.message, entry.fields))]
        return entries
