"""Problems as text on stderr: one line that says what is wrong and where, one that says what to do."""

from __future__ import annotations

from collections.abc import Iterable

import click

from submit import redact
from submit.errors import Problem
from submit.logs.harmless import harmless
from submit.world import terminal

COLOURS = {"error": "red", "warning": "yellow"}


def show(problems: Iterable[Problem]) -> None:
    """Every problem on a line of its own, errors last, then each hint once."""
    ordered = sorted(problems, key=lambda problem: problem.severity == "error")
    for problem in ordered:
        _echo(f"{problem.severity}:", COLOURS[problem.severity], redact.text(str(problem)))
    hints = dict.fromkeys(problem.hint for problem in ordered if problem.hint)
    if hints:
        click.echo(err=True)
    for hint in hints:
        _echo("hint:", "cyan", redact.text(hint))


def _echo(label: str, colour: str, text: str) -> None:
    """Errors are shown when click's context, which knows of colours, is gone already."""
    shown = harmless(text, colours=False)  # it may have words of a trainer in it
    click.echo(f"{click.style(label, fg=colour, bold=True)} {shown}", err=True, color=terminal.colour())


def show_usage(error: click.UsageError) -> None:
    """click's own words in our form."""
    text = " ".join(error.format_message().split())
    command = error.ctx.command_path if error.ctx else "submit"
    message = text[0].lower() + text[1:].rstrip(".")
    show([Problem(message=message, hint=f"`{command} --help` shows what there is.")])


def show_system_error(error: OSError) -> None:
    """What the system refused: a full disk, a folder that is read-only."""
    where = f"`{error.filename}`" if error.filename is not None else "stdout or stderr"
    reason = (error.strerror or str(error)).lower()
    show([Problem(message=f"{where} cannot be used: {reason}", hint="`--debug` shows what was tried.")])


def show_defect(error: BaseException) -> None:
    name = type(error).__name__
    show(
        [
            Problem(
                message=f"this should not happen: {name}: {error}",
                hint="It is a defect of jobdir, not of yours. The same command with `--debug` shows where.",
            )
        ]
    )
