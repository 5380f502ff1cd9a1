"""How far a log in Cloud Logging was read; `str` makes a text of it that can be kept."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from typing import Self

from submit.backends import cloud_entries
from submit.logs import times
from submit.logs.seen import Seen
from submit.status import JsonObject, LogCursor, LogEntry

OVERLAP_S = 20.0
"""A list begins so much before what was read: entries are to be seen some time after the service has received them."""
REMEMBERED_S = 120.0
"""How long before that entries are known, because a tail may give late what a list has given meanwhile."""
LOOKS_S = (0.0, 0.3, 1.0, 5.0, 20.0)
"""Ages of a tail at which the log is listed as well: nobody knows from when on exactly a tail gives what comes."""
LOOK_EVERY_S = (5.0, 60.0)
"""And then: the shorter, if a list had what the tail should have given, as behind proxies that keep streams back."""
MANY, PUT_OFF_S = 1000, 5.0
"""A list that is due waits up to so long for a pause of the tail, if that has given so much since the last one."""
HOLD_S = (0.05, 0.2)
"""How long entries of a tail wait for older ones, at least and at most: replicas' agents send in turns."""
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
    the newest then (`known`), and the job's `end` if it had ended before, by our own clock if that was followed; it is
    a `check` if the tail should have given all of it, and then has `missed` something if it had not. Between the pages
    of a check is the tail's `turn`. `session` is the tail, `age_s` how long it lives, `given` how many entries it gave
    since the last list, and it `gives` more if some came with its last answer; it has left something out where there is
    a `gap`. `looked_s` is its age when the last list began and `every_s` the time to the next. `polls` counts the lists
    until a tail is tried again, `cuts` the tails that broke, `failures` the answers that did not come, `idle` lists
    without news.
    """

    horizon: str = ""
    newest: str = ""
    lags: dict[str, tuple[float, float]] = field(default_factory=dict)
    query: str = ""
    token: str = ""
    began: str = ""
    known: str = ""
    end: str = ""
    check: bool = False
    missed: bool = False
    turn: bool = False
    final: bool = False
    session: str = ""
    age_s: float = 0.0
    given: int = 0
    gives: bool = False
    gap: bool = False
    looked_s: float = -1.0
    every_s: float = LOOK_EVERY_S[1]
    polls: int = 0
    cuts: int = 0
    failures: int = 0
    idle: int = 0
    seen: Seen

    @classmethod
    def of(cls, place: LogCursor) -> Self:
        """From what a page said, or its text."""
        if isinstance(place, cls):
            return place
        said, _, seen = str(place).partition("\n")
        return cls(**(json.loads(said) if said else {}), seen=Seen.parse(seen))

    def __str__(self) -> str:
        said = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "seen"}
        return f"{json.dumps(said)}\n{self.seen}"

    @property
    def is_tailing(self) -> bool:
        return not self.polls

    @property
    def must_list(self) -> bool:
        """Whether a list is due: amid one, at the beginning, behind a gap, or in the rhythm of a tail."""
        following = next((age for age in LOOKS_S if age > self.looked_s), self.looked_s + self.every_s)
        put_off_s = PUT_OFF_S if self.gives and self.given >= MANY else 0.0
        return bool(self.token) or not self.began or self.gap or self.age_s >= following + put_off_s

    @property
    def may_tail(self) -> bool:
        """Whether it is the tail that is to be asked now; between the pages of a check it is as well."""
        is_between = bool(self.token) and self.check and self.turn
        return self.is_tailing and not self.end and (is_between or not self.must_list)

    @property
    def is_connecting(self) -> bool:
        """The tail does not give anything yet."""
        return bool(self.session) and not self.age_s

    @property
    def is_trusted(self) -> bool:
        """Nothing is known that the tail has not given since the last list."""
        return bool(self.session and self.age_s and self.began) and not (self.gap or self.end)

    @property
    def hold_s(self) -> float:
        """As long as an older entry may come after a newer one: by a list that fills what the tail has not given, or
        as far as those before were on their way."""
        spread_s = max((each[1] for each in self.lags.values()), default=0.0)
        spread_s -= min((each[0] for each in self.lags.values()), default=0.0)
        least, most = HOLD_S
        return min(least + spread_s, most) if self.is_trusted else most

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

    def taken(self, items: Iterable[JsonObject], *, by_list: bool) -> tuple[list[LogEntry], Self]:
        """The entries that are new, and the cursor behind them."""
        entries: list[LogEntry] = []
        newest, final, missed, lags = self.newest, self.final, self.missed, dict(self.lags)
        remembered, seen = self._remembered, self.seen.copy()
        for item in items:
            timestamp, received = cloud_entries.times_of(item)
            latest = received if received > timestamp else timestamp
            if latest < remembered or not seen.is_new(cloud_entries.identity_of(item, timestamp), timestamp, latest):
                continue
            entry = cloud_entries.entry_of(item, timestamp)
            entries.append(entry)
            newest = received if received > newest else newest
            final = final or cloud_entries.is_final(item)
            missed = missed or (by_list and (received <= self.known or not self.given))
            lag_s = times.seconds_between(timestamp, received) if received > timestamp else 0.0
            shortest, longest = lags.get(entry.replica) or lags.setdefault(entry.replica, (lag_s, lag_s))
            if not shortest <= lag_s <= longest:
                lags[entry.replica] = min(shortest, lag_s), max(longest, lag_s)
        idle = 0 if entries and not self.is_connecting else self.idle
        return entries, replace(self, newest=newest, lags=lags, final=final, missed=missed, idle=idle, seen=seen)

    def tailed(self, *, session: str, age_s: float, given: int, suppressed: bool) -> Self:
        """After an answer of the tail; one that is new, or has left something out, is followed by a list."""
        is_new = session != self.session
        return replace(
            self,
            session=session,
            age_s=age_s,
            given=self.given + given,
            gives=given > 0,
            gap=self.gap or suppressed or is_new,
            looked_s=-1.0 if is_new else self.looked_s,
            turn=False,
        )

    def begun(self, *, began: str, end: str, query: str) -> Self:
        """Before the first page of a list. What it shows is all that there is if the job has ended."""
        check = self.is_trusted and not end
        if end:  # the service's clock may differ from ours, by which it is known how long ago that was
            end = self.end or (began if self.began else min(end, began))
        after = replace(self, began=began, end=end, query=query, known=self.newest, check=check)
        return replace(after, looked_s=self.age_s, missed=False, gap=False)

    def read_up_to(self, timestamp: str, token: str) -> Self:
        """After a page that is not the last: what had arrived when the list began and is older has been read."""
        return replace(self._behind(min(timestamp, self._sure)), token=token, turn=True)

    def listed(self) -> Self:
        """After the last page of a list: everything that had arrived when it began has been read."""
        shortest, longest = LOOK_EVERY_S
        every_s = shortest if self.missed and self.age_s > shortest else min(2 * self.every_s, longest)
        return replace(self._behind(max(self.known, self._sure)), query="", token="", given=0, every_s=every_s)

    @property
    def _sure(self) -> str:
        """A time at which the list had begun, by the service's clock: ours may be ahead of it. What a tail has given
        between the pages of a check may be younger."""
        return min(self.known if self.check else self.newest, self.began)

    def _behind(self, arrived: str) -> Self:
        """What had arrived at that time has been read, but for what is not to be seen yet."""
        if not arrived:
            return self
        after = replace(self, horizon=max(self.horizon, times.earlier(arrived, OVERLAP_S)))
        return replace(after, seen=self.seen.since(after._remembered))

    @property
    def _remembered(self) -> str:
        """What had arrived before this has been shown."""
        return times.earlier(self.horizon, REMEMBERED_S) if self.horizon else ""
