"""`submit emulator …`: Google's APIs on loopback; each command is in a module of its own."""

from __future__ import annotations

import click

from submit.cli.lazy import LazyGroup

COMMANDS = {
    "start": ("submit.cli.emulator_serve:start", "Start the emulator in the background, or show where it runs."),
    "status": ("submit.cli.emulator_serve:status", "Show where the emulator runs; exit 3 if it does not."),
    "stop": ("submit.cli.emulator_serve:stop", "Stop the emulator."),
    "env": ("submit.cli.emulator_env:env", "Print the variables by which a shell's programs find it."),
    "exec": ("submit.cli.emulator_exec:execute", "Run a program that finds it in Google's place."),
    "reset": ("submit.cli.emulator_reset:reset", "Forget all jobs, logs, buckets and limits."),
    "fault": ("submit.cli.emulator_fault:fault", "Make calls to the emulator fail on request."),
    "capacity": ("submit.cli.emulator_capacity:capacity", "Limit the machines of the emulated cloud."),
    "preempt": ("submit.cli.emulator_capacity:preempt", "Take a running job's machines away."),
    "logs": ("submit.cli.emulator_logs:logs", "Make Cloud Logging unreliable."),
}

EPILOG = """\b
Examples:
  submit emulator start
  eval "$(submit emulator env)"
  gcloud storage buckets create gs://b
  submit emulator stop"""


@click.group(cls=LazyGroup, table=COMMANDS, epilog=EPILOG)
def emulator() -> None:
    """Serve Google's job and storage APIs on this machine; jobs are really run.

    It listens on loopback only, unless it is told otherwise.
    """
