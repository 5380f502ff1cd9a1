"""Problems as text on stderr: one line that says what is wrong and where, one that says what to do."""

from __future__ import annotations

from collections.abc import Iterable

import click

from submit.errors import Problem

COLOURS = {"error": "red", "warning": "yellow"}


def show(problems: Iterable[Problem]) -> None:
    """Every problem on a line of its own, errors last, then each hint once."""
    ordered = sorted(problems, key=lambda problem: problem.severity == "error")
    for problem in ordered:
        label = click.style(f"{problem.severity}:", fg=COLOURS[problem.severity], bold=True)
        click.echo(f"{label} {problem}", err=True)
    hints = dict.fromkeys(problem.hint for problem in ordered if problem.hint)
    if hints:
        click.echo(err=True)
    for hint in hints:
        click.echo(f"{click.style('hint:', fg='cyan', bold=True)} {hint}", err=True)


def show_usage(error: click.UsageError) -> None:
    """click's own words in our form."""
    text = error.format_message()
    command = error.ctx.command_path if error.ctx else "submit"
    message = text[0].lower() + text[1:].rstrip(".")
    show([Problem(message=message, hint=f"`{command} --help` shows what there is.")])


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
