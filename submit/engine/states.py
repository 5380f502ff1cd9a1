"""The words for states and causes as the store keeps them.

They are the values of `submit.job.State` and `Cause` (a test compares them): importing the enums costs a supervisor
30 ms, which every first job would wait for.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

Ended: TypeAlias = Literal["SUCCEEDED", "FAILED", "CANCELLED"]
State: TypeAlias = Literal["QUEUED", "PREPARING", "RUNNING", "CANCELLING", "SUCCEEDED", "FAILED", "CANCELLED"]
Cause: TypeAlias = Literal[
    "exit code",
    "signal",
    "time-out",
    "out of memory",
    "cancelled",
    "preempted",
    "stock-out",
    "environment",
    "supervisor lost",
]

ACTIVE: Final[tuple[State, ...]] = ("PREPARING", "RUNNING", "CANCELLING")
"""A supervisor owns the job, or did and was lost."""
ENDED: Final[tuple[State, ...]] = ("SUCCEEDED", "FAILED", "CANCELLED")
