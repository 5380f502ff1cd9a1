"""`submit jobs recover`: what became of submissions whose end nobody saw."""

from __future__ import annotations

from pathlib import Path

import click

from submit.cli import narrate, options
from submit.cli.errors import show
from submit.cli.render import emit
from submit.client import Client
from submit.errors import Problem
from submit.intents.intent import Intent, State
from submit.intents.recovery import PATIENCE_S
from submit.status import Handle, JsonObject

EXIT_UNKNOWN = 3

VERDICTS = {State.CREATED: "created", State.REFUSED: "never created", State.UNKNOWN: "cannot be known yet"}

EPILOG = """\b
Examples:
  submit jobs recover
  submit jobs recover --format json | jq -r '.[].handle'"""


@click.command(epilog=EPILOG)
@click.option(
    "--patience",
    type=click.FloatRange(min=0),
    default=PATIENCE_S,
    show_default=True,
    metavar="SECONDS",
    help="So long after it was sent a creation may still come about.",
)
@options.output_format("table", "json", "yaml")
@options.state_dir
@options.debug
def recover(patience: float, output: str, state_dir: Path | None) -> int:
    """Say of each submission that was cut off (killed, a lost answer, a crash) whether its job was created.

    The job is looked for where it was sent. Exit 0 if all is known, 3 if something cannot be known yet.
    """
    client = Client(state_dir=state_dir)
    settled = []
    for intent in client.recover(patience):
        settled.append(intent)
        if output == "table":
            click.echo(_words(intent))
    _tell_damage(client)
    if output != "table":
        emit([_record(intent) for intent in settled], output)
    elif not settled:
        click.echo("nothing is open", err=True)
    return EXIT_UNKNOWN if any(intent.state is State.UNKNOWN for intent in settled) else 0


def mention(client: Client) -> None:
    """One line if earlier submissions are open; a new one does not wait for them."""
    count = len(client.journal.open_intents())
    _tell_damage(client)
    if count:
        which = "a submission was" if count == 1 else f"{count} submissions were"
        narrate.say("open", f"{which} cut off: `submit jobs recover` says what came of it")


def tell_interrupted(client: Client) -> None:
    """Ctrl-C while a job was being created: is there one?"""
    intent = client.submission.intent if client.submission else None
    if intent and intent.state is State.UNKNOWN:
        intent = next((found for found in client.recover() if found.submission_id == intent.submission_id), intent)
    if intent and intent.state is State.CREATED and intent.handle:
        narrate.detached(Handle.parse(intent.handle, default_backend=intent.backend))
    elif intent and intent.state is State.UNKNOWN:
        click.echo(err=True)
        narrate.say("interrupted", "whether the job was created is not known: submit jobs recover")
    else:
        narrate.no_job()


def _tell_damage(client: Client) -> None:
    if client.journal.damage:
        hint = "Jobs that it does not know are to be seen in `submit jobs list`."
        show([Problem(message=client.journal.damage, hint=hint, severity="warning")])


def _words(intent: Intent) -> str:
    if intent.state is State.CREATED:
        return f"{intent.name} was created as {intent.handle}"
    if intent.state is State.REFUSED:
        return f"{intent.name} was never created: {intent.reason}"
    return f"{intent.name} cannot be known yet: {intent.reason}"


def _record(intent: Intent) -> JsonObject:
    return {
        "submission_id": intent.submission_id,
        "name": intent.name,
        "backend": intent.backend,
        "verdict": VERDICTS[intent.state],
        "handle": intent.handle,
        "reason": intent.reason,
    }
