"""`submit jobs …`: the verbs over jobs that exist, each in a module of its own."""

from __future__ import annotations

import click

from submit.cli.lazy import LazyGroup

COMMANDS = {
    "list": ("submit.cli.list_jobs:list_jobs", "List jobs, the newest first."),
    "describe": ("submit.cli.describe:describe", "Show all that is known of jobs."),
    "stream-logs": ("submit.cli.logs:stream_logs", "Show the logs of jobs as they come."),
    "metrics": ("submit.cli.metrics:metrics", "Show the numbers that a job has logged."),
    "wait": ("submit.cli.wait:wait", "Wait for jobs to end."),
    "cancel": ("submit.cli.ending:cancel", "Stop jobs."),
    "delete": ("submit.cli.ending:delete", "Forget jobs that have ended, with their logs."),
    "diff": ("submit.cli.provenance:diff", "Show what tells two jobs apart."),
    "rerun": ("submit.cli.provenance:rerun", "Submit a job's very bytes again."),
    "recover": ("submit.cli.recover:recover", "Settle submissions that were cut off."),
}

EPILOG = """\b
Examples:
  submit jobs list --state running
  submit jobs list --backend vertex --project my-project --region europe-west4
  submit jobs describe JOB --format json | jq .state
  submit jobs stream-logs JOB
  submit jobs cancel JOB

\b
A job is named by the handle that `submit train` prints (`local://trainer_…`) or by its last part."""


@click.group(cls=LazyGroup, table=COMMANDS, epilog=EPILOG)
def jobs() -> None:
    """List, describe, follow, cancel and delete jobs."""
