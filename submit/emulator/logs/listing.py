"""Which entries a request for a list means, and which page of them."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Callable, Iterator
from itertools import dropwhile, islice
from typing import Any, NamedTuple

from submit.emulator.logs.answers import EntryList
from submit.emulator.logs.entries import JsonEntry
from submit.emulator.logs.merging import EARLIEST, LATEST, Key, Run, key, merged
from submit.emulator.logs.narrowing import period, required
from submit.emulator.logs.predicate import predicate
from submit.emulator.logs.sources import Sources
from submit.emulator.logs.syntax import Node, parse
from submit.emulator.logs.tokens import FilterError
from submit.emulator.rpc.errors import RpcError, bad_request

JOB_ID = ("resource", "labels", "job_id")

_DEFAULT_PAGE, _LARGEST_PAGE = 50, 1000
"""https://cloud.google.com/logging/docs/reference/v2/rest/v2/entries/list"""

_ORDERS = {"": False, "timestamp": False, "timestamp asc": False, "timestamp desc": True}


class Query(NamedTuple):
    projects: frozenset[str]
    node: Node
    newest_first: bool
    size: int
    behind: Key | None
    fingerprint: str


def query(request: Any) -> Query:
    """From a `google.logging.v2.ListLogEntriesRequest`. Raises `RpcError`."""
    if request.order_by.strip() not in _ORDERS:
        raise bad_request(f'Invalid order_by "{request.order_by}": it is "timestamp asc" or "timestamp desc".')
    if request.page_size < 0:
        raise bad_request("page_size must not be negative.")
    parts = [sorted(request.resource_names), request.filter, request.order_by]
    fingerprint = hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]
    return Query(
        projects(request.resource_names),
        parsed(request.filter),
        _ORDERS[request.order_by.strip()],
        min(request.page_size or _DEFAULT_PAGE, _LARGEST_PAGE),
        _read_token(request.page_token, fingerprint),
        fingerprint,
    )


def projects(resource_names: Any) -> frozenset[str]:
    """Of `projects/p` and of views of its buckets; nothing else has entries here."""
    parts = [name.split("/") for name in resource_names]
    if not parts:
        raise bad_request("At least one resource name must be specified.")
    if wrong := ["/".join(part) for part in parts if len(part) < 2 or not all(part)]:
        raise bad_request(f'Invalid resource name "{wrong[0]}".')
    return frozenset(part[1] for part in parts if part[0] == "projects")


def parsed(text: str) -> Node:
    """Raises `RpcError`, also for values that cannot be read."""
    try:
        node = parse(text)
        predicate(node)
    except FilterError as error:
        raise bad_request(str(error)) from error
    return node


def page(asked: Query, sources: Sources) -> EntryList:
    """Blocks."""
    found = list(islice(_matching(asked, sources), asked.size + 1))
    more = len(found) > asked.size
    shown = found[: asked.size]
    return EntryList(shown, _token(key(shown[-1]), asked.fingerprint) if more else "")


def _matching(asked: Query, sources: Sources) -> Iterator[JsonEntry]:
    first, last = period(asked.node)
    if asked.behind and asked.newest_first:
        last = min(last, asked.behind[0])
    elif asked.behind:
        first = max(first, asked.behind[0])
    logs = sources.jobs.logs(asked.projects, required(asked.node, JOB_ID))
    runs = [log.between(first, last, newest_first=asked.newest_first) for log in logs]
    for project in asked.projects:
        written = sources.written.between(project, first, last, newest_first=asked.newest_first)
        runs.append(Run(LATEST if asked.newest_first else EARLIEST, written))
    found = dropwhile(_was_shown(asked), merged(runs, newest_first=asked.newest_first))
    return filter(predicate(asked.node), sources.controls.lateness.visible(found, time.time()))


def _was_shown(asked: Query) -> Callable[[JsonEntry], bool]:
    """Of entries in order: those on the pages before come first."""
    place = asked.behind
    if place is None:
        return lambda _: False
    if asked.newest_first:
        return lambda entry: key(entry) >= place
    return lambda entry: key(entry) <= place


def _token(place: Key, fingerprint: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([fingerprint, *place]).encode()).decode().rstrip("=")


def _read_token(token: str, fingerprint: str) -> Key | None:
    if not token:
        return None
    try:
        made_for, time, insert_id, log_name = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (ValueError, TypeError, RecursionError) as error:
        raise RpcError("INVALID_ARGUMENT", "page_token is invalid.") from error
    if made_for != fingerprint or not all(isinstance(part, str) for part in (time, insert_id, log_name)):
        raise RpcError("INVALID_ARGUMENT", "page_token doesn't match arguments from the request.")
    return time, insert_id, log_name
