"""A job's log in Cloud Logging: each entry once, as soon as the service has it.

A tail gives entries when they arrive. Lists fill what a tail may have missed: what was there before, what came while it
was cut or suppressed. Where tailing is not permitted, lists alone follow the log.
https://cloud.google.com/logging/docs/reference/v2/rest/v2/entries
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple, cast

from submit.backends import Refused
from submit.backends.cloud_cursor import Cursor
from submit.backends.cloud_entries import times_of
from submit.backends.cloud_status import record, records
from submit.backends.creation import pause
from submit.errors import ErrorKind, ServiceError
from submit.logs import times
from submit.logs.seen import Seen
from submit.status import JsonObject, LogCursor, LogEntry, LogPage
from submit.steps import Call, Conversation

PAGE_SIZE = 1000
ASK_S, SOON_S = 0.5, 0.2
"""A silence of which it is asked whether the job has ended. After the last words it soon will have; and as long as a
tail is not connected yet, lists are made, less and less often."""
SOON_CUTS = 2
"""After so many tails that broke none is expected to be connected soon."""
SKEW_S = 3600.0
"""Lists look no further back than this before the overlap, however late an entry's own clock is."""
POLL_S = (1.2, 5.0)
"""Between two lists where there is no tail, the longer the less comes: a project has 60 reads a minute."""
IDLE = 20
"""Lists without news that are counted: then all pauses are as long as they become."""
REFUSED_POLLS, BUSY_POLLS = 100, 20
"""Lists before a tail is tried again that was not permitted, or for which there were too many."""
BUSY_S, LONGEST_PAUSE_S = 5.0, 10.0
CUT_S = 0.1
"""Before a tail that was cut is opened again."""
GIVE_UP, GIVE_UP_NOW = 200, 8
"""Answers in a row that did not come: about half an hour for who follows a job. Who asks what there is now waits for
the quota alone, somewhat longer than its minute."""

End = Callable[[], Conversation[str]]
"""Asks the job's service when the job ended, in the normal form; "" if it has not."""

UNWATCHED = Refused(
    "the service does not watch what a job writes; `submit jobs stream-logs --warn-silent 10m` tells you"
)


class _Log(NamedTuple):
    project: str
    job_id: str

    def filter(self, horizon: str) -> str:
        """The job's entries, or those that may have arrived since, with margin for machines whose clocks are late."""
        job = f'resource.type="ml_job" AND resource.labels.job_id="{self.job_id}"'
        if not horizon:
            return job
        since = f'timestamp>="{times.earlier(horizon, SKEW_S)}"'
        return f'{job} AND {since} AND (timestamp>="{horizon}" OR receiveTimestamp>="{horizon}")'


def page(cursor: LogCursor, project: str, job_id: str, wait_s: float, end: End) -> Conversation[LogPage]:
    """What is new, or nothing after about `wait_s`; with 0 what can be listed now.

    Answers that do not come are asked for again, with growing pauses; what was refused is raised.
    """
    before = Cursor.of(cursor)
    try:
        found = yield from _page(before, _Log(project, job_id), wait_s, end)
    except ServiceError as error:
        return (yield from _later(before, error, follows=bool(wait_s)))
    return replace(found, cursor=cursor) if not wait_s and _is_done(found) and before.began else found


def since(timestamp: str) -> str:
    """The cursor before what was written from that time on (of the normal form)."""
    return str(Cursor(horizon=timestamp, seen=Seen()))


def _is_done(found: LogPage) -> bool:
    """Nothing was there: the same place is the same text."""
    return not found.entries and not found.more


def _page(cursor: Cursor, log: _Log, wait_s: float, end: End) -> Conversation[LogPage]:
    if wait_s and cursor.may_tail:
        is_amid_check = cursor.must_list
        tail_s = 0.0 if is_amid_check else wait_s
        entries, cursor = yield from _tailed(cursor, log, tail_s)
        if entries:
            return _answer(entries, cursor, hold_s=cursor.hold_s)
        if cursor.is_tailing and not cursor.session:
            yield pause(CUT_S)
            return _answer([], cursor)
        if cursor.is_trusted:
            if (yield from _has_ended(cursor, tail_s, end)):
                cursor = replace(cursor, token="")  # the last list has all of it
            elif not is_amid_check:
                return _answer([], cursor)
        elif cursor.gap:
            return _answer([], cursor)
    return (yield from _listed(cursor, log, wait_s, end))


def _has_ended(cursor: Cursor, wait_s: float, end: End) -> Conversation[bool]:
    """Asked only where it is likely: after the last words, or in a silence."""
    return bool((cursor.final or wait_s >= ASK_S) and (yield from end()))


def _tailed(cursor: Cursor, log: _Log, wait_s: float) -> Conversation[tuple[list[LogEntry], Cursor]]:
    """What has arrived."""
    if cursor.final or (cursor.cuts < SOON_CUTS and (not cursor.session or cursor.is_connecting)):
        wait_s = min(wait_s, SOON_S * 1.25**cursor.idle)
    request: JsonObject = {**_place(log), "filter": log.filter(""), "waitSeconds": wait_s}
    try:
        reply = record((yield Call(api="logging", method="entries.tail", request=request, assumed={})))
    except ServiceError as error:
        return [], _without_tail(cursor, error)
    entries, cursor = cursor.taken(records(reply.get("entries")), by_list=False)
    session, age_s = str(reply.get("session")), cast(float, reply.get("ageSeconds") or 0.0)
    suppressed = bool(reply.get("suppressed"))
    cursor = cursor.tailed(session=session, age_s=age_s, given=len(entries), suppressed=suppressed)
    return entries, replace(cursor, cuts=0 if entries or age_s > LONGEST_PAUSE_S else cursor.cuts, failures=0)


def _without_tail(cursor: Cursor, error: ServiceError) -> Cursor:
    """The lists that follow alone; one is enough if the connection was only cut."""
    if error.kind is ErrorKind.TRANSIENT:
        polls, cuts = min(2**cursor.cuts - 1, BUSY_POLLS), cursor.cuts + 1
        return replace(cursor, session="", polls=polls, cuts=cuts, idle=0)
    polls = BUSY_POLLS if error.kind is ErrorKind.QUOTA else REFUSED_POLLS
    return replace(cursor, session="", polls=polls, idle=0)


def _listed(cursor: Cursor, log: _Log, wait_s: float, end: End) -> Conversation[LogPage]:
    """The next page of the list that is being read, or of a new one. The job's end is asked for first, so that nothing
    can come between."""
    if not cursor.token:
        if wait_s and (cursor.polls or cursor.end):
            yield pause(POLL_S[0] if cursor.end else min(POLL_S[0] * 1.25**cursor.idle, POLL_S[1]))
        ended = yield from end()
        began = str(record((yield Call(api="clock", method="now", request={}, assumed={}))).get("now") or times.EPOCH)
        cursor = cursor.begun(began=began, end=ended, query=log.filter(cursor.horizon))
    reply = yield from _list(cursor, log)
    items = records(reply.get("entries"))
    entries, cursor = cursor.taken(items, by_list=True)
    token = str(reply.get("nextPageToken") or "")
    if token:
        last = times_of(items[-1])[0] if items else ""
        return _answer(entries, cursor.read_up_to(last, token), more=not cursor.check)
    cursor = cursor.listed()
    if cursor.is_settled:
        return _answer(entries, cursor, ended=True)
    idle = 0 if entries and not cursor.is_connecting else min(cursor.idle + 1, IDLE)
    cursor = replace(cursor, polls=max(0, cursor.polls - 1), idle=idle)
    note = "the job has ended; its log may not be complete yet" if wait_s and cursor.end else ""
    return replace(_answer(entries, cursor), note=note)


def _list(cursor: Cursor, log: _Log) -> Conversation[JsonObject]:
    request: JsonObject = {
        **_place(log),
        "filter": cursor.query,
        "orderBy": "timestamp asc",
        "pageSize": PAGE_SIZE,
        **({"pageToken": cursor.token} if cursor.token else {}),
    }
    return record((yield Call(api="logging", method="entries.list", request=request, assumed={})))


def _place(log: _Log) -> JsonObject:
    return {"resourceNames": [f"projects/{log.project}"]}


def _answer(
    entries: Sequence[LogEntry], cursor: Cursor, *, more: bool = False, ended: bool = False, hold_s: float = 0.0
) -> LogPage:
    cursor = replace(cursor, failures=0)
    return LogPage(entries=entries, cursor=cursor, ended=ended, more=more, hold_s=hold_s)


def _later(cursor: Cursor, error: ServiceError, *, follows: bool) -> Conversation[LogPage]:
    """The same place once more, after a pause. Who was never answered is told at once."""
    if error.kind is ErrorKind.INVALID and cursor.token:  # tokens do not live for ever: the list is begun anew
        return LogPage(entries=(), cursor=replace(cursor, token="", gap=True), ended=False, more=True)
    is_worth_it = error.kind is ErrorKind.QUOTA or (error.kind is ErrorKind.TRANSIENT and cursor.began and follows)
    if not is_worth_it or cursor.failures >= (GIVE_UP if follows else GIVE_UP_NOW):
        raise error
    again = replace(cursor, failures=cursor.failures + 1)
    if follows and cursor.is_trusted and cursor.must_list:  # the tail goes on, and the next list will do
        return LogPage(entries=(), cursor=replace(again, token="", looked_s=cursor.age_s), ended=False)
    least = BUSY_S if error.kind is ErrorKind.QUOTA else 0.25
    yield pause(min(least * 2**cursor.failures, max(LONGEST_PAUSE_S, least)))
    return LogPage(entries=(), cursor=again, ended=False, more=True, note=f"{error}; trying again")
