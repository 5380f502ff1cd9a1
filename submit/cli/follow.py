"""Shows the logs of jobs as they come, then how the jobs ended."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from submit.cli import narrate
from submit.cli.app import EXIT_FAILED
from submit.cli.log_text import Format, Text, json_lines, yaml_documents
from submit.client import Client
from submit.errors import SubmitError
from submit.logs.select import Selection
from submit.logs.stream import Stream
from submit.status import Handle, LogEntry, State
from submit.world import terminal


class View(NamedTuple):
    """`last`: of what is there only so many entries; `warn_silent_s`: say when nothing was written for so long."""

    output: str = "text"
    full_times: bool = False
    selection: Selection = Selection()
    last: int | None = None
    warn_silent_s: float | None = None


def follow_to_the_end(client: Client, handles: Sequence[Handle], view: View) -> int:
    """The jobs' own result as an exit code; Ctrl-C, or a reader that leaves, does the jobs no harm."""
    try:
        print_logs(client, handles, view, follow=True)
    except KeyboardInterrupt as interrupt:
        _leave(client, handles)
        return terminal.exit_code(interrupt)
    except OSError:  # the reader has left, or what we write to is full
        _leave(client, handles)
        raise
    found = client.describe(handles)
    for handle in handles:
        narrate.outcome(found[handle], log_was_seen=terminal.stdout_is_seen_with_stderr())
    return 0 if all(status.state is State.SUCCEEDED for status in found.values()) else EXIT_FAILED


def _leave(client: Client, handles: Sequence[Handle]) -> None:
    """Where nobody says how the jobs are, or another Ctrl-C comes meanwhile, they go on for all that is known."""
    try:
        found = client.describe(handles)
    except (SubmitError, KeyboardInterrupt):
        narrate.detached(*handles)
        return
    if going_on := [handle for handle in handles if not found[handle].state.ended]:
        narrate.detached(*going_on)


def print_logs(client: Client, handles: Sequence[Handle], view: View, *, follow: bool) -> None:
    """Lines on stdout, each as soon as it is known."""
    stream = Stream({str(handle): client.log_since(handle, view.selection.since) for handle in handles})
    batches = client.log_batches(stream, handles, follow=follow, note=narrate.notes())
    if view.warn_silent_s is not None:
        batches = _watched(batches, view.warn_silent_s, time.monotonic, narrate.silent)
    selected: Iterator[Sequence[LogEntry]] = map(view.selection.of, batches)
    if view.last is not None:
        selected = _last(selected, stream, view.last)
    form = _format(view, handles)
    for entries in selected:
        if entries:
            terminal.write_lines(form(entries))


def _format(view: View, handles: Sequence[Handle]) -> Format:
    match view.output:
        case "json":
            return json_lines
        case "yaml":
            return yaml_documents
    colours = terminal.stdout_has_colours()
    return Text(colours=colours, full_times=view.full_times, jobs=[str(handle) for handle in handles])


def _last(batches: Iterator[Sequence[LogEntry]], stream: Stream, count: int) -> Iterator[Sequence[LogEntry]]:
    """The last entries of what is there, then all that follow."""
    kept: deque[LogEntry] = deque(maxlen=count)
    for entries in batches:
        kept.extend(entries)
        if not stream.is_behind:
            yield list(kept)
            yield from batches


def _watched(
    batches: Iterator[list[LogEntry]], silence_s: float, clock: Callable[[], float], warn: Callable[[float], None]
) -> Iterator[list[LogEntry]]:
    """The same; warns once in each silence of that length."""
    heard, warned = clock(), False
    for entries in batches:
        if entries:
            heard, warned = clock(), False
        elif not warned and clock() - heard >= silence_s:
            warned = True
            warn(clock() - heard)
        yield entries
