"""Values as data for programs (JSON, YAML) and as tables for people."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

import click

from submit.logs.harmless import harmless
from submit.sizes import show_bytes, show_seconds
from submit.status import Cause, Handle, Json, JsonObject, LogEntry, ReplicaStatus, State, Status

COLOURS = {State.SUCCEEDED: "green", State.FAILED: "red", State.CANCELLED: "yellow", State.RUNNING: "cyan"}

SIGNALS = 128
"""What exit codes of processes that a signal ended are above."""
TRIALS = 100
"""More are not shown to people; `_QUIET` are the states of those that have least to say."""
_QUIET = (State.SUCCEEDED, State.QUEUED)


def emit(value: Json, output: str) -> None:
    """Writes a value to stdout as JSON or YAML."""
    if output == "yaml":
        click.echo(_yaml(value), nl=False)
    else:
        click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def _yaml(value: Json) -> str:
    import yaml

    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)  # libyaml's is ten times as fast
    text: str = yaml.dump(value, Dumper=dumper, sort_keys=False, allow_unicode=True)
    return text


def emit_each(values: Sequence[JsonObject], output: str) -> None:
    """One value as an object, several as a list."""
    emit(values[0] if len(values) == 1 else list(values), output)


def status_json(status: Status) -> JsonObject:
    """The keys of `submit jobs describe --format json`; times are UTC in ISO 8601, absent values null."""
    return {
        "handle": str(status.handle),
        "name": status.name,
        "state": status.state.value,
        "message": status.message,
        "cause": status.cause.value if status.cause else None,
        "exit_code": status.exit_code,
        "created": _iso(status.created),
        "started": _iso(status.started),
        "ended": _iso(status.ended),
        "job_dir": status.job_dir,
        "hourly_usd_at_least": status.hourly_usd,
        "priced_as": status.priced_as or None,
        "labels": dict(status.labels),
        "replicas": [
            {
                "name": replica.name,
                "state": replica.state.value,
                "exit_code": replica.exit_code,
                "restarts": replica.restarts,
                "peak_memory_bytes": replica.peak_memory_bytes,
                "cpu_s": replica.cpu_s,
            }
            for replica in status.replicas
        ],
        "trials": [dict(trial) for trial in status.trials],
        "traceback": status.traceback,
        "links": dict(status.links),
    }


def status_lines(status: Status) -> Iterable[str]:
    """What `describe` shows a person: what is known, in the order in which one asks."""
    colour = COLOURS.get(status.state)
    facts = {
        "job": str(status.handle),
        "state": click.style(status.state.value, fg=colour, bold=True),
        "cause": reason(status),
        "exit code": "" if status.exit_code is None else str(status.exit_code),
        "message": status.message,
        "created": _local(status.created),
        "started": _local(status.started),
        "ended": _local(status.ended),
        "duration": _duration(status),
        "job dir": status.job_dir or "",
        "price": _price(status),
        "labels": ", ".join(f"{key}={value}" for key, value in status.labels.items()),
        **status.links,
    }
    for key, value in facts.items():
        if value:
            first, *rest = lines(value)
            yield f"{key:<10} {first}"
            yield from (f"{'':<10} {line}" for line in rest)
    if status.replicas:
        yield ""
        yield from table(["REPLICA", "STATE", "EXIT", "RESTARTS", "CPU", "MEMORY"], map(_replica_row, status.replicas))
    if status.trials:
        yield ""
        yield from _trials(status.trials)
    if status.traceback:
        yield from ("", *lines(status.traceback))


def lines(text: str) -> Sequence[str]:
    """Of what a trainer or a service says, as a terminal may be given it."""
    return harmless(text.strip("\n").rstrip(), colours=True).splitlines() or [""]


JOB_COLUMNS = ("JOB", "STATE", "CREATED", "DURATION", "CAUSE")


def status_row(status: Status) -> list[str]:
    return [str(status.handle), status.state.value, _local(status.created), _duration(status), reason(status)]


def reason(status: Status) -> str:
    """`exit code 3`, `signal 11 (SIGSEGV)`, `time-out`; empty if there is none."""
    match status:
        case Status(cause=Cause.EXIT_CODE, exit_code=int(code)):
            return f"exit code {code}"
        case Status(cause=Cause.SIGNAL, exit_code=int(code)) if code > SIGNALS:
            return f"signal {code - SIGNALS}{_signal_name(code - SIGNALS)}"
        case Status(cause=Cause.LOST, handle=Handle(backend=backend)) if backend != "local":
            return "machine lost"
    return status.cause.value if status.cause else ""


def _signal_name(number: int) -> str:
    try:
        return f" ({signal.Signals(number).name})"
    except ValueError:
        return ""  # of another system than this one


def log_yaml(entry: LogEntry) -> str:
    """A YAML document with everything that is known of the entry."""
    return "---\n" + _yaml(log_record(entry)).rstrip("\n")


def log_record(entry: LogEntry) -> JsonObject:
    """`job` and `late` only where they say something."""
    return {
        "time": entry.timestamp,
        "severity": entry.severity,
        "replica": entry.replica,
        "trial": entry.trial,
        "message": entry.message,
        "fields": dict(entry.fields),
        "insert_id": entry.insert_id,
        "stream": entry.stream,
        **({"late": True} if entry.late else {}),
        **({"job": entry.job} if entry.job else {}),
    }


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterable[str]:
    """Columns as wide as their widest cell; no line ends in blanks."""
    cells = [list(head), *([_cell(text) for text in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _cell(text: str) -> str:
    """Trainers name their metrics as they like."""
    return harmless(text, colours=False).replace("\n", "\\n")


def _replica_row(replica: ReplicaStatus) -> list[str]:
    return [
        replica.name,
        replica.state.value,
        "" if replica.exit_code is None else str(replica.exit_code),
        str(replica.restarts),
        "" if replica.cpu_s is None else show_seconds(replica.cpu_s),
        "" if replica.peak_memory_bytes is None else show_bytes(replica.peak_memory_bytes),
    ]


def _trials(trials: Sequence[Mapping[str, Json]]) -> Iterable[str]:
    """Those of a study by what they have measured, elements of an array by how they have ended; of very many those that
    have something to say."""
    shown = trials if len(trials) <= TRIALS else sorted(trials, key=lambda trial: trial.get("state") in _QUIET)[:TRIALS]
    if any("parameters" in trial for trial in trials):
        yield from table(["TRIAL", "STATE", "METRICS", "PARAMETERS"], map(_trial_row, shown))
    else:
        yield from table(["ELEMENT", "STATE", "CAUSE", "MESSAGE"], map(_element_row, shown))
    if len(trials) > TRIALS:
        yield f"… and {len(trials) - TRIALS} more; `--format json` has all"


def _element_row(element: Mapping[str, Json]) -> list[str]:
    code, message = element.get("exit_code"), str(element.get("message") or "").partition("\n")[0]
    cause = f"exit code {code}" if element.get("cause") == Cause.EXIT_CODE else str(element.get("cause") or "")
    return [str(element.get("id", "")), str(element.get("state", "")), cause, message]


def _trial_row(trial: Mapping[str, Json]) -> list[str]:
    def pairs(key: str) -> str:
        named = trial.get(key)
        return " ".join(f"{name}={_number(value)}" for name, value in named.items()) if isinstance(named, dict) else ""

    return [str(trial.get("id", "")), str(trial.get("state", "")), pairs("metrics"), pairs("parameters")]


def _number(value: Json) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _duration(status: Status) -> str:
    if status.started is None or (status.state.ended and status.ended is None):
        return ""
    return show_seconds(((status.ended or datetime.now(UTC)) - status.started).total_seconds())


def _price(status: Status) -> str:
    if status.hourly_usd is None:
        return ""
    machines = f" for {status.priced_as}" if status.priced_as else ""
    return f"at least ${status.hourly_usd:.2f} an hour on Vertex AI{machines}"


def _iso(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat() if moment else None


def _local(moment: datetime | None) -> str:
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S") if moment else ""
