"""An engine's job in Vertex AI's words: states, and why it failed.

https://cloud.google.com/vertex-ai/docs/reference/rest/v1/JobState
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from submit.emulator.services.records import Record

STATES = {
    "QUEUED": "QUEUED",
    "PREPARING": "PENDING",
    "RUNNING": "RUNNING",
    "CANCELLING": "CANCELLING",
    "SUCCEEDED": "SUCCEEDED",
    "FAILED": "FAILED",
    "CANCELLED": "CANCELLED",
}
"""After `JOB_STATE_` or `PIPELINE_STATE_`."""

_CANCELLED, _INVALID_ARGUMENT, _DEADLINE_EXCEEDED, _RESOURCE_EXHAUSTED, _ABORTED, _INTERNAL = 1, 3, 4, 8, 10, 13
_ERROR_CODES = {
    "time-out": _DEADLINE_EXCEEDED,
    "stock-out": _RESOURCE_EXHAUSTED,
    "preempted": _ABORTED,
    "supervisor lost": _INTERNAL,
}


def failure_message(job: Record) -> str:
    """With the end of the trainer's traceback and where the logs are, as the services have it; a job that never got a
    machine has neither."""
    if job["cause"] == "stock-out":
        return str(job["message"])
    number = job["client"]["job_id"]
    query = quote(f'resource.type="ml_job"\nresource.labels.job_id="{number}"', safe="")
    link = f"project={job['client']['project']}&resource=ml_job%2Fjob_id%2F{number}&advancedFilter={query}"
    traceback = f"\n{job['traceback'].strip()}" if job["traceback"] else ""
    internal = "Internal error occurred for the current attempt. " if job["cause"] == "supervisor lost" else ""
    return (
        f"{internal}{job['message']} {traceback}\n\nTo find out more about why your job exited please check the logs: "
        f"https://console.cloud.google.com/logs/viewer?{link}"
    )


def fill_error(error: Any, job: Record) -> None:
    """Sets a `google.rpc.Status` if the job failed or was cancelled."""
    if job["state"] == "FAILED":
        error.code = _ERROR_CODES.get(job["cause"], _INVALID_ARGUMENT)
        error.message = failure_message(job)
    elif job["state"] == "CANCELLED":
        error.code, error.message = _CANCELLED, "CANCELED"


def fill_times(message: Any, job: Record) -> None:
    """A job that ended before it ran has no start."""
    for key in ("create_time", "start_time", "end_time"):
        if job[key]:
            getattr(message, key).FromJsonString(job[key])
    message.update_time.FromJsonString(job["end_time"] or job["start_time"] or job["create_time"])
