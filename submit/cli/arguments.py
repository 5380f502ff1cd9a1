"""A command that hands everything behind the first `--` to the trainer, and shows its options in sections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

_WORDS = "a job is named by `--job-name`, the trainer's arguments follow `--`"
"""ML Engine's client took the job's name before `--`; it must not become an argument of the trainer."""


class TrainerCommand(click.Command):
    """The words behind `--` become the parameter `args` verbatim; None if there is no `--`.

    `sections` are the titles of help with the parameters below them; what is in none stands in the last.
    """

    def __init__(self, *args: Any, sections: Mapping[str, Sequence[str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sections = sections

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ours, sign, theirs = _split(args)
        ctx.allow_extra_args = True
        words = super().parse_args(ctx, ours)
        if words and not ctx.resilient_parsing:
            raise click.UsageError(f"`{words[0]}` is not an option: {_WORDS}", ctx)
        ctx.params["args"] = tuple(theirs) if sign else None
        return []

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        return [*super().collect_usage_pieces(ctx), "[-- TRAINER_ARGS...]"]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        homes = {name: title for title, names in self.sections.items() for name in names}
        rows: dict[str, list[tuple[str, str]]] = {title: [] for title in self.sections}
        for parameter in self.get_params(ctx):
            if record := parameter.get_help_record(ctx):
                rows[homes.get(parameter.name or "", list(rows)[-1])].append(record)
        for title, records in rows.items():
            with formatter.section(title):
                formatter.write_dl(records)


def _split(args: list[str]) -> tuple[list[str], bool, list[str]]:
    if "--" not in args:
        return args, False, []
    where = args.index("--")
    return args[:where], True, args[where + 1 :]
