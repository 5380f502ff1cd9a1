"""What the end of a replica means for its job. Pure.

The rules are Vertex AI's: https://cloud.google.com/vertex-ai/docs/training/understanding-training-service. The primary
replica's success is the job's; an exit code from 1 to 127 is permanent; a crash by a signal is worth another try.
"""

from __future__ import annotations

import signal
from collections.abc import Collection, Mapping
from typing import Any, Literal, NamedTuple, TypeAlias

from submit.engine.states import Cause, Ended

RESTARTS = 3
"""How often a replica is started again after it crashed."""
PREEMPTIONS = 6
"""How often a job whose machines were taken away begins again:
https://cloud.google.com/vertex-ai/docs/training/use-spot-vms"""

Verdict: TypeAlias = Literal["success", "restart", "failure", "terminated"]


class Record(NamedTuple):
    """A launcher's exit record. `exit_code` is 128 + n for signal n, None if the trainer never started. `metrics` are
    the numbers that it has reported last."""

    replica: str
    exit_code: int | None
    cause: str | None
    message: str = ""
    traceback: str = ""
    peak_memory_bytes: int | None = None
    cpu_s: float | None = None
    metrics: Mapping[str, float] = {}

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Record:
        return cls(
            replica=data["replica"],
            exit_code=data.get("exit_code"),
            cause=data.get("cause"),
            message=data.get("message") or "",
            traceback=data.get("traceback") or "",
            peak_memory_bytes=data.get("peak_memory_bytes"),
            cpu_s=data.get("cpu_s"),
            metrics=data.get("metrics") or {},
        )


class Ending(NamedTuple):
    """How a job (or a trial) ended; `message` is for people."""

    state: Ended
    cause: Cause | None = None
    exit_code: int | None = None
    message: str = ""
    traceback: str = ""


SUCCESS = Ending("SUCCEEDED", exit_code=0)
CANCELLED = Ending("CANCELLED", cause="cancelled", message="The job was cancelled.")


def judge(record: Record, *, told: bool, restarts: int, limit: int) -> Verdict:
    """`told`: we have told the replica to end. `limit`: how many restarts there may be."""
    if record.cause is None and record.exit_code == 0:
        return "success"
    if record.cause == "terminated" and told:
        return "terminated"
    return "restart" if _may_pass(record) and restarts < limit else "failure"


def failure(record: Record, restarts: int) -> Ending:
    """The ending of a job because of this replica's."""
    return Ending(
        state="FAILED",
        cause=_cause(record),
        exit_code=record.exit_code,
        message=_message(record, restarts),
        traceback=record.traceback,
    )


def timed_out(limit_s: float) -> Ending:
    return Ending(
        state="FAILED",
        cause="time-out",
        message=f"The job did not finish within its time-out of {limit_s:g} s and was terminated.",
    )


def silent(limit_s: float) -> Ending:
    message = f"The job wrote nothing for {limit_s:g} s and was terminated."
    return Ending(state="FAILED", cause="time-out", message=message)


def is_worth_retrying(ending: Ending, causes: Collection[str], exit_codes: Collection[int]) -> bool:
    """Whether the whole job may do better next time. Without memory, a module or the right arguments it cannot."""
    if ending.cause == "preempted":
        return "preempted" in causes
    if ending.cause not in ("exit code", "signal") or ending.exit_code not in exit_codes:
        return False
    return not any(word in ending.traceback for word in ("ModuleNotFoundError", "usage: "))


def preempted(restarts: int) -> Ending:
    """`restarts`: how often the job had come back before."""
    message = f"The machines of the job were preempted, after it had been restarted {restarts} times because of that."
    return Ending(state="FAILED", cause="preempted", message=message)


def crashed_launcher(replica: str, status: int, *, told: bool, ran: bool) -> Record:
    """The record of a replica whose launcher ended (exit code, or -n for signal n) without writing one.

    `told`: we had told it to end, and it had to be killed. `ran`: its trainer had been started.
    """
    code = 128 - status if status < 0 else status or 1
    return Record(
        replica=replica,
        exit_code=code if ran else None,
        cause="terminated" if told else "signal" if status < 0 else "environment",
        message=f"its launcher ended without an exit record ({describe_code(code)}).",
    )


def describe_code(code: int) -> str:
    """`exit code 3`, or `SIGSEGV` for 139."""
    try:
        return signal.Signals(code - 128).name if code > 128 else f"exit code {code}"
    except ValueError:
        return f"exit code {code}"


def _may_pass(record: Record) -> bool:
    """Whether the same replica could do better: it crashed, and not for want of memory or of its environment."""
    if record.cause in ("out of memory", "environment"):
        return False
    return record.exit_code is None or record.exit_code > 127


def _cause(record: Record) -> Cause:
    match record.cause:
        case "signal" | "out of memory" | "environment":
            return record.cause
        case "terminated":  # not by us, or it would not be a failure
            return "signal"
        case _:
            return "exit code"


def _message(record: Record, restarts: int) -> str:
    """Vertex AI's sentence for the case, as users search for it."""
    if record.cause == "environment" or record.exit_code is None:
        return f"The replica {record.replica} could not be prepared: {record.message}"
    if record.cause == "out of memory":
        return record.message
    code = record.exit_code
    by_signal = f" It was ended by {describe_code(code)}." if code and code > 128 else ""
    again = f" It had been restarted {restarts} times." if restarts else ""
    return (
        f"The replica {record.replica} exited with a non-zero status of {code}."
        f" Termination reason: Error.{by_signal}{again}"
    )
