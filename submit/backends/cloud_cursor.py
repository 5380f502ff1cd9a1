"""How far a log in Cloud Logging was read, as a text."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from typing import Self

from submit.backends import cloud_entries
from submit.job import JsonObject, LogEntry
from submit.logs import times
from submit.logs.seen import Seen

OVERLAP_S = 20.0
"""A list begins so much before what was read: entries are to be seen some time after the service has received them."""
REMEMBERED_S = 120.0
"""How long before that entries are known, because a tail may give late what a list has given meanwhile."""
LOOKS_S = (0.0, 0.3, 1.0, 5.0, 20.0)
"""Ages of a tail at which the log is listed as well: nobody knows from when on exactly a tail gives what comes."""
LOOK_EVERY_S = (5.0, 60.0)
"""And then: the shorter, if a list had what the tail should have given, as behind proxies that keep streams back."""
LATE_S, LATEST_S = 0.2, 120.0
"""What is late for an entry, and what is later than anybody waits for at the end."""
STRAGGLERS_S = 5.0
"""How long after a job's end at least the log is read on if entries were late."""
SILENT_S = 10.0
"""How long after a job's end its last words are waited for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Times are of the normal form, "" where there is none yet.

    What had arrived before `horizon` is never listed again, what arrived since is known by `seen`. `newest` is when the
    service received the newest entry, `lags` the shortest and the longest time that entries of a replica were on their
    way. A list that is read page by page has its filter in `query`, the next page's `token`, the time `began`, what was
    the newest then (`known`), and the job's `end` if it had ended before. `session` is the tail, `age_s` how long it
    lives, `looked_s` its age at the last list and `every_s` the time to the next. `polls` counts the lists until a tail
    is tried again, `cuts` the tails that broke, `failures` the answers that did not come, `idle` lists without news.
    """

    horizon: str = ""
    newest: str = ""
    lags: dict[str, tuple[float, float]] = field(default_factory=dict)
    query: str = ""
    token: str = ""
    began: str = ""
    known: str = ""
    end: str = ""
    final: bool = False
    session: str = ""
    age_s: float = 0.0
    looked_s: float = -1.0
    every_s: float = LOOK_EVERY_S[1]
    polls: int = 0
    cuts: int = 0
    failures: int = 0
    idle: int = 0
    seen: Seen

    @classmethod
    def parse(cls, text: str) -> Self:
        said, _, seen = text.partition("\n")
        return cls(**(json.loads(said) if said else {}), seen=Seen.parse(seen))

    def __str__(self) -> str:
        said = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "seen"}
        return f"{json.dumps(said)}\n{self.seen}"

    @property
    def is_tailing(self) -> bool:
        return not self.polls

    @property
    def must_list(self) -> bool:
        """Whether a list is due: amid one, at the beginning, or in the rhythm of a tail."""
        following = next((age for age in LOOKS_S if age > self.looked_s), self.looked_s + self.every_s)
        return bool(self.token) or not self.began or self.looked_s < 0 or self.age_s >= following

    @property
    def is_connecting(self) -> bool:
        """The tail does not give anything yet."""
        return bool(self.session) and not self.age_s

    @property
    def is_settled(self) -> bool:
        """Whether nothing more is to be expected by what was listed last.

        The log of a job that has ended is complete with the service's last words, unless entries of this job were late
        before: then for as long after the end.
        """
        late_s = max((longest - shortest for shortest, longest in self.lags.values()), default=0.0)
        late_s = min(max(STRAGGLERS_S, 1.2 * late_s), LATEST_S) if late_s >= LATE_S else 0.0
        wait_s = late_s if self.final else SILENT_S + late_s
        return bool(self.end) and (not wait_s or times.earlier(self.began, wait_s) >= self.end)

    def taken(self, items: Iterable[JsonObject]) -> tuple[list[LogEntry], Self]:
        """The entries that are new, and the cursor behind them."""
        entries: list[LogEntry] = []
        newest, final, remembered, lags = self.newest, self.final, self._remembered, dict(self.lags)
        for item in items:
            timestamp, received = cloud_entries.times_of(item)
            if received < remembered:
                continue
            latest = received if received > timestamp else timestamp
            if self.seen.is_new(cloud_entries.identity_of(item, timestamp), timestamp, latest):
                entry = cloud_entries.entry_of(item, timestamp)
                entries.append(entry)
                if received > newest:
                    newest = received
                final = final or cloud_entries.is_final(item)
                lag_s = times.seconds_between(timestamp, received) if received > timestamp else 0.0
                shortest, longest = lags.get(entry.replica, (lag_s, lag_s))
                if not shortest <= lag_s <= longest or entry.replica not in lags:
                    lags[entry.replica] = min(shortest, lag_s), max(longest, lag_s)
        idle = 0 if entries else self.idle
        return entries, replace(self, newest=newest, lags=lags, final=final, idle=idle)

    def listed(self, *, had_news: bool) -> Self:
        """After the last page of a list: everything that had arrived when it began has been read."""
        shortest, longest = LOOK_EVERY_S
        missed = had_news and self.age_s > shortest
        every_s = shortest if missed else min(2 * self.every_s, longest)
        arrived = max(self.known, min(self.newest or self.began, self.began))
        horizon = max(self.horizon, times.earlier(arrived, OVERLAP_S))
        after = replace(self, query="", token="", horizon=horizon, looked_s=self.age_s, every_s=every_s)
        return replace(after, seen=self.seen.since(after._remembered))

    @property
    def _remembered(self) -> str:
        """What had arrived before this has been shown."""
        return times.earlier(self.horizon, REMEMBERED_S) if self.horizon else ""
