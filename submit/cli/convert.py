"""`submit convert`: from ML Engine to Vertex AI."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from submit import config
from submit.cli import narrate, options
from submit.cli.errors import show
from submit.cli.render import emit
from submit.errors import raise_errors
from submit.job import Json
from submit.world import files, surroundings

if TYPE_CHECKING:
    from submit.config.conversion import Converted

EPILOG = """\b
Examples:
  submit convert old/config.yaml > configs/vertex.yaml
  submit convert old/config.yaml --output configs/vertex.yaml"""


@click.command(epilog=EPILOG)
@click.argument("path", metavar="FILE", type=options.PATH)
@click.option("--output", "to", type=options.PATH, metavar="FILE", help="Write the config here, not to stdout.")
@click.option("--force", is_flag=True, help="Replace the output file if it is there.")
@options.output_format("yaml", "json")
@options.debug
def convert(path: Path, to: Path | None, force: bool, output: str) -> None:
    """Turn an ML Engine config into a Vertex AI config.

    The config goes to stdout, as `gcloud ai custom-jobs create --config` and `submit train --config` read it; what
    changed and why goes to stderr. `--format json` prints both as one object.
    """
    if to and to.exists() and not force:
        raise click.UsageError(f"`{to}` is there already: `--force` replaces it")
    converted = config.convert(files.read(path, limit=config.READ_LIMIT), str(path), surroundings.now().date())
    raise_errors(converted.problems)
    if to:
        files.write(to, converted.text.encode())
    if output == "json":
        changes: list[Json] = [{"path": c.path, "what": c.what, "why": c.why} for c in converted.changes]
        emit({"config": converted.text, "changes": changes}, output)
        return
    _report(converted)
    if to:
        narrate.say("written", str(to))
    else:
        click.echo(converted.text, nl=False)


def _report(converted: Converted) -> None:
    """What was changed is not warned of as well."""
    changed = {change.path for change in converted.changes}
    show(problem for problem in converted.problems if problem.path not in changed)
    for change in converted.changes:
        narrate.say("changed", f"{change.path}: {change.what} ({change.why})")
