"""Log entries as lines for people and for programs; quick, because there may be a million of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import TypeAlias

import click

from submit.cli.render import log_record, log_yaml
from submit.logs import severity
from submit.logs.fields import with_fields
from submit.logs.harmless import harmless
from submit.status import NO_FIELDS, LogEntry

Format: TypeAlias = Callable[[Iterable[LogEntry]], list[str]]

SEVERITY_COLOURS = {"ERROR": "red", "CRITICAL": "red", "ALERT": "red", "EMERGENCY": "red", "WARNING": "yellow"}
QUIET = ("DEBUG", severity.STDERR, "service")
REPLICA_COLOURS = ("cyan", "green", "magenta", "blue", "bright_cyan", "bright_green", "bright_magenta", "bright_blue")


class Text:
    """`03:33:37.123 INFO     workerpool0-0  message`, with the job in front of the replica if there are several.

    A message of several lines keeps them. `full_times`: with the day and the zone.
    """

    def __init__(self, *, colours: bool, full_times: bool = False, jobs: Sequence[str] = ()) -> None:
        self._colours = colours
        self._clock = _day_and_clock if full_times else _clock
        self._jobs = dict(zip(jobs, _short(jobs), strict=True)) if len(jobs) > 1 else {}
        self._labels: dict[tuple[str, str, str | None, str], str] = {}
        self._replicas: dict[tuple[str, str, str | None], str] = {}
        self._newest: dict[tuple[str, str, str | None], str] = {}

    def __call__(self, entries: Iterable[LogEntry]) -> list[str]:
        return [self._line(entry) for entry in entries]

    def _line(self, entry: LogEntry) -> str:
        timestamp, severity_, replica, message, _, _, trial, fields, late, job = entry
        if fields is not NO_FIELDS:
            message = with_fields(message, fields)
        if not message.isprintable():
            message = harmless(message, colours=self._colours)
        if severity_ == "ERROR":
            severity_ = severity.shown(entry)
        label = self._labels.get((severity_, replica, trial, job)) or self._label(severity_, replica, trial, job)
        source = (job, replica, trial)
        if late and timestamp < self._newest.get(source, ""):
            message = f"[late] {message}"
        else:
            self._newest[source] = timestamp
        clock, zone = self._clock(timestamp[:19])
        return f"{clock}{timestamp[19:23]}{zone}{label}{message}"

    def _label(self, severity_: str, replica: str, trial: str | None, job: str) -> str:
        name = f"{replica}/{trial}" if trial else replica
        name = f"{self._jobs.get(job, job)} {name}" if job else name
        level, name = f"{severity_:<8}", f"{name:<13}"
        if self._colours:
            level = _styled(level, "bright_black" if severity_ in QUIET else SEVERITY_COLOURS.get(severity_))
            name = _styled(name, self._replica_colour(replica, trial, job))
        label = self._labels[severity_, replica, trial, job] = f" {level} {name}  "
        return label

    def _replica_colour(self, replica: str, trial: str | None, job: str) -> str:
        """One each, in the order in which they appear."""
        if replica in QUIET:
            return "bright_black"
        following = REPLICA_COLOURS[len(self._replicas) % len(REPLICA_COLOURS)]
        return self._replicas.setdefault((job, replica, trial), following)


def json_lines(entries: Iterable[LogEntry]) -> list[str]:
    """Everything that is known of an entry, on one line; the order of the keys is always the same."""
    return [_json_line(entry) for entry in entries]


def yaml_documents(entries: Iterable[LogEntry]) -> list[str]:
    return [log_yaml(entry) for entry in entries]


_quoted = json.encoder.encode_basestring  # what `json.dumps` makes of a text, without its way there


def _json_line(entry: LogEntry) -> str:
    if entry.fields is not NO_FIELDS or entry.trial or entry.late or entry.job:
        return json.dumps(log_record(entry), ensure_ascii=False)
    timestamp, severity_, replica, message, insert_id, stream, *_ = entry
    return (
        f'{{"time": "{timestamp}", "severity": {_quoted(severity_)}, "replica": {_quoted(replica)}, "trial": null, '
        f'"message": {_quoted(message)}, "fields": {{}}, "insert_id": {_quoted(insert_id)}, '
        f'"stream": {_quoted(stream)}}}'
    )


@lru_cache(maxsize=256)
def _clock(second: str) -> tuple[str, str]:
    """Local time; what stands before and behind the milliseconds."""
    return f"{_local(second):%H:%M:%S}", ""


@lru_cache(maxsize=256)
def _day_and_clock(second: str) -> tuple[str, str]:
    return f"{_local(second):%Y-%m-%d %H:%M:%S}", f"{_local(second):%z}"


def _local(second: str) -> datetime:
    return datetime.fromisoformat(f"{second}+00:00").astimezone()


def _styled(text: str, colour: str | None) -> str:
    return click.style(text, fg=colour) if colour else text


def _short(jobs: Sequence[str]) -> list[str]:
    """The last part of each handle, if that tells them apart."""
    names = [job.rpartition("/")[2] for job in jobs]
    return names if len(set(names)) == len(jobs) else list(jobs)
