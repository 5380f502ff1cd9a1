"""The command line as a whole: the groups, and how every end of a command becomes an exit code."""

from __future__ import annotations

from collections.abc import Sequence

import click

from submit import __version__
from submit.cli.lazy import LazyGroup, ReaderLeftError
from submit.errors import SubmitError
from submit.world import terminal

EXIT_FAILED = 1  # a job, not the command
EXIT_USAGE = 2
EXIT_SYSTEM = 3
EXIT_READER_LEFT = 141  # as a program that SIGPIPE ended
EXIT_INTERNAL = 70  # os.EX_SOFTWARE: a defect of ours, never the user's

COMMANDS = {
    "train": ("submit.cli.train:train", "Submit a training job and follow it to its end."),
    "jobs": ("submit.cli.jobs:jobs", "List, describe, follow, cancel and delete jobs."),
    "emulator": ("submit.cli.emulator:emulator", "Serve Google's job and storage APIs on this machine."),
    "check": ("submit.cli.check:check", "Check config files; show every problem with its line."),
    "convert": ("submit.cli.convert:convert", "Turn an ML Engine config into a Vertex AI config."),
    "package": ("submit.cli.package:package", "Build the archive of a trainer, and nothing else."),
    "schema": ("submit.cli.schema:schema", "Print the JSON Schema of the config, for editors."),
    "completion": ("submit.cli.completion:completion", "Print the completion script of a shell."),
}

EPILOG = """\b
Examples:
  submit train --config configs/gpu.yaml -- --arg=42
  submit train --config configs/gpu.yaml --dry-run -- --arg=42
  submit check configs/*.yaml
  submit jobs list
  submit jobs stream-logs JOB

\b
Exit codes: 0 the job succeeded, 1 the job failed, 2 the command line or the config
is wrong, 3 a service or a tool said no, 130 Ctrl-C (the job lives on)."""


@click.command(cls=LazyGroup, table=COMMANDS, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", prog_name="submit", message="%(prog)s %(version)s")
def app() -> None:
    """Takes a Python trainer from a laptop to any cluster with one command."""


def run(argv: Sequence[str]) -> int:
    """The exit code of a command line; a traceback is for `--debug` only."""
    debug = "--debug" in (argv[: argv.index("--")] if "--" in argv else argv)
    terminal.interrupt_when_told_to_end()
    try:
        return _run(argv)
    except KeyboardInterrupt as interrupt:
        return terminal.exit_code(interrupt)
    except ReaderLeftError:
        terminal.leave_stdout()
        return EXIT_READER_LEFT
    except Exception as error:
        if debug:
            raise
        return _explain(error)


def _explain(error: Exception) -> int:
    from submit.cli.errors import show, show_defect, show_system_error

    if isinstance(error, SubmitError):
        show(error.problems)
        return error.exit_code
    if isinstance(error, OSError):
        show_system_error(error)
        if error.filename is None:  # it may be stdout that is full
            terminal.leave_stdout()
        return EXIT_SYSTEM
    show_defect(error)
    return EXIT_INTERNAL


def _run(argv: Sequence[str]) -> int:
    try:
        result = app.main(
            list(argv),
            prog_name="submit",
            complete_var="_SUBMIT_COMPLETE",
            standalone_mode=False,
            color=terminal.colour(),
        )
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return EXIT_USAGE
    except click.UsageError as error:
        from submit.cli.errors import show_usage

        show_usage(error)
        return EXIT_USAGE
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except click.Abort as abort:
        return terminal.exit_code(abort.__cause__)
    return result if isinstance(result, int) else 0
