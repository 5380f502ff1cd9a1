"""A rehearsed preemption on its way to the emulator: a label of the job, since Google's APIs have no field for it."""

from __future__ import annotations

from collections.abc import Mapping

LABEL = "jobdir-preempt-after-ms"


def labels(after_s: float | None) -> dict[str, str]:
    """What a job carries whose machines are to be taken away so many seconds after its start; once."""
    return {} if after_s is None else {LABEL: str(round(after_s * 1000))}


def after_s(labels: Mapping[str, str]) -> float | None:
    """None for what carries none, or something that is no number."""
    text = labels.get(LABEL, "")
    return int(text) / 1000 if text.isdecimal() else None
